using Graft.Consensus;

namespace Graft;

/// <summary>What one group is told at its start, beyond what its core is.</summary>
internal sealed record GroupSettings
{
    internal GroupId Group { get; init; }

    /// <summary>The deadline of a call that names none.</summary>
    internal TimeSpan DefaultTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of commands that wait for their turn; what comes beyond is refused.</summary>
    internal long QueuedBytesMax { get; init; } = 64 << 20;

    /// <summary>Reads that may wait for the state machine.</summary>
    internal int ReadsQueuedMax { get; init; } = 10_000;

    /// <summary>The largest command.</summary>
    internal int CommandBytesMax { get; init; } = 1 << 20;

    /// <summary>Bytes that one step of the state machine gets at most, a single larger command excepted.</summary>
    internal int ApplyBytesMax { get; init; } = 1 << 20;

    /// <summary>Log behind the newest snapshot that calls for another one, at least.</summary>
    internal long SnapshotLogBytes { get; init; } = 64 << 20;

    /// <summary>... and at least this many times the size of that snapshot.</summary>
    internal int SnapshotRatio { get; init; } = 4;

    /// <summary>Entries that are kept behind a snapshot for followers that are a little late.</summary>
    internal ulong TrailingEntries { get; init; } = 10_000;

    /// <summary>How long after a comparison of states the next one comes, if there is something new; never if zero.</summary>
    internal TimeSpan CompareInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How far ahead of most voters' a leader's wall clock may be.</summary>
    internal TimeSpan ClockBound { get; init; } = TimeSpan.FromSeconds(10);

    internal int SnapshotsKept { get; init; } = 2;
}
