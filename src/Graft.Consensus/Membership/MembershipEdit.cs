namespace Graft.Consensus;

/// <summary>One line of a <see cref="MembershipChange"/>.</summary>
/// <param name="Verb">What is asked for.</param>
/// <param name="Node">Of which node.</param>
public readonly record struct MembershipEdit(MembershipVerb Verb, NodeId Node)
{
    public override string ToString() => $"{Verb.ToString().ToLowerInvariant()} {Node}";
}
