using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Graft.Consensus;
using Graft.Simulation.Disks;
using Graft.Storage;

namespace Graft.Simulation.Storage;

/// <summary>Drives one log on one disk, and knows what must, may and must not be there after whatever happens next.</summary>
/// <remarks>
/// At most one batch is in flight, so that after any end of the process there are two states of the log that are right: what was
/// acknowledged, and that with the batch whose write was called. Anything between them is a torn batch taken for a whole one.
/// </remarks>
internal sealed partial class LogDriver
{
    private readonly LogOptions _options;
    private readonly EntryBuffer _buffer = new(64 << 10);
    private readonly List<LogWrite> _inBatch = [];

    // Groups that were truncated in the batch, and the last entry that they were to keep.
    private readonly SortedSet<(ulong Group, ulong After)> _truncated = [];

    // How many entries of a write were taken that isn't taken whole.
    private readonly Dictionary<LogWrite, int> _staged = [];

    private ImmutableSortedDictionary<ulong, GroupState> _live = ImmutableSortedDictionary<ulong, GroupState>.Empty;
    private ImmutableSortedDictionary<ulong, GroupState> _acknowledged = ImmutableSortedDictionary<ulong, GroupState>.Empty;
    private ImmutableSortedDictionary<ulong, GroupState>? _inFlight;

    // What was acknowledged after which batch: when the last ones rot as a whole, nothing tells that they were.
    private ImmutableList<(ulong Batch, ImmutableSortedDictionary<ulong, GroupState> State)> _history = [];

    // What a start reported and could not make durable for want of space.
    private ImmutableSortedDictionary<ulong, GroupState>? _unproven;
    private ulong _durableBatch;

    // The last batch that was durable when the one in flight was written, and whether the log is in the call that does it.
    private ulong _batchBefore;
    private bool _isWriting;

    // The newest batch that was left when the medium was damaged.
    private ulong _newest = ulong.MaxValue;
    private int _lives;
    private Incarnation _incarnation;
    private bool _isCleanExpected;
    private bool _isOpening;
    private bool _canBeClean = true;

    internal LogDriver(SimulatedDisk disk, LogOptions options) => (Disk, _options) = (disk, options);

    internal SimulatedDisk Disk { get; }

    internal WriteAheadLog? Log { get; private set; }

    internal long Acknowledged { get; private set; }

    internal long Losses { get; private set; }

    /// <summary>Set when the medium was damaged: the next start has to find out, and is held to that alone.</summary>
    internal bool IsRotten
    {
        get;
        set
        {
            field = value;
            HasRotted |= value;
        }
    }

    /// <summary>Set for good once the medium was damaged: what was found damaged may be found so again, as long as nothing more is lost.</summary>
    internal bool HasRotted { get; private set; }

    /// <summary>The groups with all that was staged.</summary>
    internal ImmutableSortedDictionary<ulong, GroupState> Live => _live;

    /// <summary>A judge of the same history on another disk, with no log open.</summary>
    internal LogDriver On(SimulatedDisk disk) => new(disk, _options)
    {
        _live = _live,
        _acknowledged = _acknowledged,
        _inFlight = _inFlight,
        _history = _history,
        _durableBatch = _durableBatch,
        _newest = _newest,
        _lives = _lives,
        _incarnation = _incarnation,
        _canBeClean = _canBeClean,
        _isCleanExpected = _isCleanExpected,
        IsRotten = IsRotten,
        HasRotted = HasRotted,
    };

    internal GroupState Of(GroupId group) => _live.TryGetValue(group.Value, out GroupState? state) ? state : GroupState.Empty;

    /// <summary>Stages as much as fits, and tells the model what was taken.</summary>
    internal StageOutcome Stage(LogWrite write)
    {
        GroupState before = _live.TryGetValue(write.Group.Value, out GroupState? former) ? former : GroupState.Empty with { Life = ++_lives };
        int staged = _staged.TryGetValue(write, out int known) ? known : -1;
        StageOutcome outcome = Log!.Stage(write);
        Settle();
        EntryId last = Log.LastOf(write.Group);
        int now = outcome == StageOutcome.Staged ? write.Count : CountTaken(write, last, staged);
        if (now > staged)
        {
            GroupState after = staged < 0 ? before.Begin(write) : before;
            for (int i = Math.Max(staged, 0); i < now; i++)
            {
                after = after.Append(write.Entries[i]);
            }

            _live = write.IsRemoval ? _live.Remove(write.Group.Value) : _live.SetItem(write.Group.Value, after);
            _staged[write] = now;
        }

        Require(Log.LastOf(write.Group) == Of(write.Group).Last, $"g{write.Group.Value} ends at {Log.LastOf(write.Group)} in memory instead of {Of(write.Group).Last}");
        if (outcome == StageOutcome.Staged)
        {
            _staged.Remove(write);
            _inBatch.Add(write);
            if (staged < 0 && write.TruncateAfter is { } kept)
            {
                _truncated.Add((write.Group.Value, kept.Value));
            }
        }

        return outcome;
    }

    internal void Write()
    {
        (_inFlight, _batchBefore, _isWriting) = (_live, Log!.DurableBatch, true);
        Log.Write();
        _isWriting = false;
    }

    internal FlushToken Flush()
    {
        _isWriting = true;
        FlushToken token = Log!.Flush();
        _isWriting = false;
        foreach (LogWrite write in _inBatch)
        {
            Require(token.Covers(write), $"the flush of batch {token.Batch} doesn't cover a write of batch {write.Batch}");
        }

        CheckFormat(token.Batch);
        Acknowledged += _inBatch.Count;
        _canBeClean = false;
        _inBatch.Clear();
        _truncated.Clear();
        (_acknowledged, _inFlight) = (_live, null);
        Require(token.Batch > _durableBatch, $"batch {token.Batch} was flushed after {_durableBatch}");
        _durableBatch = token.Batch;
        _history = _history.Add((token.Batch, _live));
        return token;
    }

    /// <summary>A batch that says nothing new.</summary>
    internal void Mark()
    {
        if (Log!.StageMark())
        {
            Log.Write();
            Log.Flush();
            _canBeClean = false;
            _durableBatch = Log.DurableBatch;
        }
    }

    internal bool Maintain()
    {
        bool isMore = Log!.Maintain();
        Settle();
        return isMore;
    }

    internal void Close()
    {
        WriteAheadLog log = Log!;
        bool wasStaged = log.HasStaged;
        _inFlight = log.HasStaged ? _live : _inFlight;
        _canBeClean = true;
        ulong before = log.DurableBatch;
        _batchBefore = before;
        log.Close();
        if (wasStaged)
        {
            Acknowledged += _inBatch.Count;
            _history = _history.Add((before + 1, _live));
        }

        (_acknowledged, _inFlight) = (_live, null);
        _inBatch.Clear();
        _truncated.Clear();
        _staged.Clear();
        _durableBatch = log.DurableBatch;
        _isCleanExpected = log.DurableBatch > before + (wasStaged ? 1UL : 0);
        Log = null;
    }

    /// <summary>The process is gone, however it went; what it had open is dead.</summary>
    internal void Abandon()
    {
        Log = null;
        _isWriting = false;
        _inBatch.Clear();
        _truncated.Clear();
        _staged.Clear();
        _isCleanExpected = false;
    }

    /// <summary>Reads a range and compares it with the model.</summary>
    /// <param name="group">Whose.</param>
    /// <param name="first">The first to read.</param>
    /// <param name="last">The last to read.</param>
    /// <param name="mayFail">Whether the disk may have failed to read.</param>
    internal void Read(GroupId group, ulong first, ulong last, bool mayFail)
    {
        LogReadOutcome outcome = Log!.Read(group, new LogIndex(first), new LogIndex(last), _buffer);
        GroupState state = Of(group);
        bool isThere = first > state.Start.At.Index.Value && first <= state.Last.Index.Value;
        Require(
            outcome == LogReadOutcome.Damaged ? mayFail || IsRotten : (outcome == LogReadOutcome.Read) == (isThere || first > last),
            $"reading g{group.Value} {first}..{last} gives {outcome}, and the group has {state.Start.At.Index.Value + 1}..{state.Last.Index.Value}");
        ulong index = first;
        foreach (StoredEntry entry in _buffer.Entries)
        {
            Require(state.Knows(index) && index <= last && LogCompare.AreEqual(state.At(index), entry), $"g{group.Value} entry {index} reads as {entry} instead of {(state.Knows(index) ? state.At(index).ToString() : "nothing")}");
            index++;
        }

        Require(outcome != LogReadOutcome.Read || first > last || index > first, $"reading g{group.Value} {first}..{last} brings nothing");
    }

    internal static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvariantViolationException(what);
        }
    }

    internal static void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Complaint what)
    {
        if (!holds)
        {
            throw new InvariantViolationException(what.Text());
        }
    }

    // A write in pieces is known by the last entry that was taken: ids are never used twice.
    private static int CountTaken(LogWrite write, EntryId last, int staged)
    {
        for (int i = write.Count - 1; i >= 0; i--)
        {
            if (write.Entries[i].Id == last)
            {
                return i + 1;
            }
        }

        return staged;
    }

    // Batches that the log made for itself lie behind the last that says anything.
    private void Settle()
    {
        _durableBatch = Math.Max(_durableBatch, Log!.DurableBatch);
        if (Log.IsProven && _unproven is { } proven)
        {
            (_acknowledged, _inFlight, _unproven) = (proven, null, null);
            _history = _history.Add((_durableBatch, proven));
        }
    }
}
