namespace Graft.Consensus;

/// <summary>A majority of the new voters and, while a change is in progress, of the old ones too (thesis §4.3).</summary>
/// <remarks>Outside a change <see cref="Outgoing"/> is the empty set, which reaches everything and grants everything.</remarks>
public readonly record struct JointQuorum(MajorityQuorum Incoming, MajorityQuorum Outgoing)
{
    /// <summary>The largest value that a quorum of either half has reached.</summary>
    public ulong Reached(Span<ulong> incoming, Span<ulong> outgoing) =>
        Math.Min(Incoming.Reached(incoming), Outgoing.Reached(outgoing));

    /// <summary>Where a vote stands that both halves have to win.</summary>
    public static QuorumOutcome Both(QuorumOutcome incoming, QuorumOutcome outgoing) =>
        incoming == QuorumOutcome.Lost || outgoing == QuorumOutcome.Lost ? QuorumOutcome.Lost
        : incoming == QuorumOutcome.Won && outgoing == QuorumOutcome.Won ? QuorumOutcome.Won
        : QuorumOutcome.Pending;
}
