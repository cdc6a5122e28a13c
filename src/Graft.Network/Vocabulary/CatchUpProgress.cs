using System.Globalization;
using Graft.Consensus;

namespace Graft;

/// <summary>How far a member has come on its way to the end of the log, and how long the rest may take.</summary>
public sealed record CatchUpProgress
{
    /// <summary>The member, and what it is by now.</summary>
    public required Member Member { get; init; }

    /// <summary>On which part of the way it is.</summary>
    public required CatchUpPhase Phase { get; init; }

    /// <summary>The last entry that it has.</summary>
    public required LogIndex Match { get; init; }

    /// <summary>Entries of the leader's log that it lacks; the log grows meanwhile.</summary>
    public required ulong EntriesLeft { get; init; }

    /// <summary>In <see cref="CatchUpPhase.Snapshot"/>: bytes that are there.</summary>
    public required long BytesDone { get; init; }

    /// <summary>In <see cref="CatchUpPhase.Snapshot"/>: bytes that are missing.</summary>
    public required long BytesLeft { get; init; }

    /// <summary>What came in a second, since the phase began: bytes of a snapshot, else entries. Zero while nothing has.</summary>
    public required double Rate { get; init; }

    /// <summary>How long the rest of the phase takes at that rate; null if nobody can say.</summary>
    public required TimeSpan? Eta { get; init; }

    /// <summary>It is what it was to become, or never will be without help.</summary>
    public required bool IsEnd { get; init; }

    public override string ToString() => Phase switch
    {
        CatchUpPhase.Unheard => $"{Member.Id} hasn't answered yet.",
        CatchUpPhase.Probing => $"{Member.Id} is being asked what it has; {EntriesLeft} entries are missing.",
        CatchUpPhase.Snapshot => string.Create(
            CultureInfo.InvariantCulture, $"{Member.Id} has {BytesDone} of {BytesDone + BytesLeft} bytes of the snapshot{Ending("bytes")}."),
        CatchUpPhase.Log => string.Create(CultureInfo.InvariantCulture, $"{Member.Id} has the log up to {Match}; {EntriesLeft} entries are missing{Ending("entries")}."),
        CatchUpPhase.CaughtUp => $"{Member} has caught up.",
        CatchUpPhase.TooSlow => $"{Member.Id} is too slow: {EntriesLeft} entries are missing after ten rounds. It stays as it is, and can be removed.",
        CatchUpPhase.Unfit => $"{Member.Id} has a log of the other kind: remove it, and give it a new id and an empty disk.",
        _ => $"{Member.Id} no longer holds what it had acknowledged: remove it and add it empty.",
    };

    private string Ending(string unit) =>
        Eta is { } eta ? string.Create(CultureInfo.InvariantCulture, $", {Rate:0} {unit} a second, {eta.TotalSeconds:0} s to go") : "";
}
