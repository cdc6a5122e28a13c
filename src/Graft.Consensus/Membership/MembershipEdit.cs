namespace Graft.Consensus;

/// <summary>One line of a <see cref="MembershipChange"/>.</summary>
public readonly record struct MembershipEdit(MembershipVerb Verb, NodeId Node)
{
    public override string ToString() => $"{Verb.ToString().ToLowerInvariant()} {Node}";
}
