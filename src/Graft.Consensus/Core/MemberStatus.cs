namespace Graft.Consensus;

/// <summary>A member as its leader sees it.</summary>
/// <param name="Member">Who it is, and its role.</param>
/// <param name="State">How it is sent to.</param>
/// <param name="Match">Durable there and equal to the leader's log, up to here.</param>
/// <param name="Next">The next index to be sent.</param>
/// <param name="Lag">How many entries it is behind.</param>
/// <param name="InFlight">Appends sent and not answered.</param>
/// <param name="InFlightBytes">Their size, in bytes.</param>
/// <param name="SilentFor">How long it hasn't answered.</param>
/// <param name="IsSilent">Whether that is longer than two heartbeats may take.</param>
/// <param name="Incarnation">Which of its starts speaks; unknown if it hasn't in this term.</param>
/// <param name="SnapshotOffered">In snapshot state, the last entry of what is offered.</param>
/// <param name="SnapshotBytes">How much of that it has, in bytes.</param>
/// <param name="SnapshotTotal">How large it is, in bytes.</param>
/// <param name="IsCaughtUp">Whether it has shown in this term that it keeps up.</param>
/// <param name="IsTooSlow">Whether it failed to in <see cref="CatchUp.RoundsMax"/> rounds.</param>
public sealed record MemberStatus(
    Member Member,
    ProgressState State,
    LogIndex Match,
    LogIndex Next,
    ulong Lag,
    int InFlight,
    long InFlightBytes,
    TimeSpan SilentFor,
    bool IsSilent,
    Incarnation Incarnation,
    EntryId? SnapshotOffered,
    long SnapshotBytes,
    long SnapshotTotal,
    bool IsCaughtUp,
    bool IsTooSlow);
