using System.Collections.Immutable;

namespace Graft.Consensus;

/// <summary>What is to become of some members, all at once: any number of voters may change in one step (thesis §4.3).</summary>
/// <remarks>Immutable: each call gives a longer change. Whether it makes sense, the leader judges.</remarks>
public sealed class MembershipChange
{
    private MembershipChange(ImmutableArray<MembershipEdit> edits) => Edits = edits;

    /// <summary>The change without lines, to begin with.</summary>
    public static MembershipChange None { get; } = new([]);

    /// <summary>The lines, in the order in which they were said.</summary>
    public ImmutableArray<MembershipEdit> Edits { get; }

    /// <summary>And bring in a node: a learner that becomes a voter once it has caught up.</summary>
    public MembershipChange Add(NodeId node) => With(MembershipVerb.Add, node);

    /// <summary>And bring in a node as a learner that stays one.</summary>
    public MembershipChange AddLearner(NodeId node) => With(MembershipVerb.AddLearner, node);

    /// <summary>And bring in a node that votes and keeps no payloads.</summary>
    public MembershipChange AddWitness(NodeId node) => With(MembershipVerb.AddWitness, node);

    /// <summary>And make a learner that has caught up a voter.</summary>
    public MembershipChange Promote(NodeId node) => With(MembershipVerb.Promote, node);

    /// <summary>And make a voter a learner.</summary>
    public MembershipChange Demote(NodeId node) => With(MembershipVerb.Demote, node);

    /// <summary>And take a member out.</summary>
    public MembershipChange Remove(NodeId node) => With(MembershipVerb.Remove, node);

    public override string ToString() => string.Join(", ", Edits);

    private MembershipChange With(MembershipVerb verb, NodeId node) => new(Edits.Add(new MembershipEdit(verb, node)));
}
