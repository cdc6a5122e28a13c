using System.Collections.Immutable;

namespace Graft.Consensus;

/// <summary>What is to become of some members, all at once: any number of voters may change in one step (thesis §4.3).</summary>
public sealed class MembershipChange
{
    private MembershipChange(ImmutableArray<MembershipEdit> edits) => Edits = edits;

    public static MembershipChange None { get; } = new([]);

    public ImmutableArray<MembershipEdit> Edits { get; }

    public MembershipChange Add(NodeId node) => With(MembershipVerb.Add, node);

    public MembershipChange AddLearner(NodeId node) => With(MembershipVerb.AddLearner, node);

    public MembershipChange AddWitness(NodeId node) => With(MembershipVerb.AddWitness, node);

    public MembershipChange Promote(NodeId node) => With(MembershipVerb.Promote, node);

    public MembershipChange Demote(NodeId node) => With(MembershipVerb.Demote, node);

    public MembershipChange Remove(NodeId node) => With(MembershipVerb.Remove, node);

    public override string ToString() => string.Join(", ", Edits);

    private MembershipChange With(MembershipVerb verb, NodeId node) => new(Edits.Add(new MembershipEdit(verb, node)));
}
