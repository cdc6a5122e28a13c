using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <summary>The end of a group's log, in memory: what is on its way to the disk, to followers or to the state machine.</summary>
/// <remarks>
/// <para>
/// One run of indexes without a gap. An entry enters when the core has taken it into its log; it leaves at the front once it's
/// durable and applied and the budget is needed, and at the back with a truncated suffix. What has left at the front is read
/// from the log.
/// </para>
/// <para>
/// Entries are let go in order, so an owner of bytes is given back when the last of its entries goes: no entry counts for itself.
/// What is truncated may still lie in a write that the disk works on, or in a batch that is being applied. Its owner is kept until
/// both have gone through: given back at once, its bytes would be another entry's by the time that they are written.
/// </para>
/// </remarks>
internal sealed class EntryTail
{
    // Between followers that are a round trip apart and the log's own cache there is no need for more.
    private const long BytesKept = 256 << 10;

    // A state machine that is slow or has stopped reads from the log what it didn't take in time.
    private const long BytesUnapplied = 8 << 20;

    private readonly List<(LogIndex First, LogIndex Last, IEntryOwner Owner)> _owners = [];
    private readonly Queue<(ulong Write, ulong Batch, IEntryOwner Owner)> _condemned = new();
    private StoredEntry[] _ring = new StoredEntry[16];
    private int _head;
    private int _count;
    private long _bytes;

    /// <param name="start">The index behind which the tail begins.</param>
    internal EntryTail(LogIndex start) => Start = start;

    /// <summary>Entries above this index are here.</summary>
    internal LogIndex Start { get; private set; }

    internal LogIndex End => Start + (ulong)_count;

    /// <summary>Bytes of payloads that are here.</summary>
    internal long Bytes => _bytes;

    /// <summary>The entry at an index, if it's here.</summary>
    internal bool TryGet(LogIndex index, out StoredEntry entry)
    {
        if (index <= Start || index > End)
        {
            entry = default;
            return false;
        }

        entry = this[index];
        return true;
    }

    /// <summary>Adds entries that follow the last one.</summary>
    /// <param name="entries">In order of index.</param>
    /// <param name="owner">Of their bytes; null if nobody need be told.</param>
    internal void Append(ReadOnlySpan<StoredEntry> entries, IEntryOwner? owner)
    {
        if (entries.IsEmpty)
        {
            owner?.Release();
            return;
        }

        LogIndex first = End.Next;
        foreach (ref readonly StoredEntry entry in entries)
        {
            Invariant.Check(entry.Id.Index == End.Next, entry.Id, End);
            if (_count == _ring.Length)
            {
                Grow();
            }

            _ring[(_head + _count) & (_ring.Length - 1)] = entry;
            _count++;
            _bytes += entry.Payload.Length;
        }

        if (owner is not null)
        {
            _owners.Add((first, End, owner));
        }
    }

    /// <summary>Drops the entries above an index: the core has truncated them.</summary>
    /// <param name="last">The last that stays.</param>
    /// <param name="write">The last write that was handed to the log: it or an earlier one may hold the bytes.</param>
    /// <param name="batch">The last batch that was handed to the state machine.</param>
    internal void Truncate(LogIndex last, ulong write, ulong batch)
    {
        while (End > last && _count > 0)
        {
            _count--;
            ref StoredEntry gone = ref _ring[(_head + _count) & (_ring.Length - 1)];
            _bytes -= gone.Payload.Length;
            gone = default;
        }

        if (Start > last)
        {
            // Nothing of it was here: what follows replaces entries of the disk.
            Start = last;
        }

        // One that is cut in two lives on for its first part.
        while (_owners.Count > 0 && _owners[^1].First > last)
        {
            _condemned.Enqueue((write, batch, _owners[^1].Owner));
            _owners.RemoveAt(_owners.Count - 1);
        }
    }

    /// <summary>Begins anew behind an index: an installed snapshot has replaced the log.</summary>
    internal void Reset(LogIndex start, ulong write, ulong batch)
    {
        Truncate(Start, write, batch);
        foreach ((LogIndex _, LogIndex _, IEntryOwner owner) in _owners)
        {
            _condemned.Enqueue((write, batch, owner));
        }

        _owners.Clear();
        Start = start;
    }

    /// <summary>Gives back what was truncated, as far as nobody looks at it any more.</summary>
    /// <param name="write">All writes up to this one are done.</param>
    /// <param name="batch">All batches up to this one are applied.</param>
    internal void Settle(ulong write, ulong batch)
    {
        while (_condemned.TryPeek(out (ulong Write, ulong Batch, IEntryOwner Owner) oldest) && oldest.Write <= write && oldest.Batch <= batch)
        {
            _condemned.Dequeue();
            oldest.Owner.Release();
        }
    }

    /// <summary>Lets go of what is neither needed nor within the budget.</summary>
    /// <param name="durable">The last that can be read from the disk as well.</param>
    /// <param name="applied">The last that the state machine is through with.</param>
    /// <param name="submitted">The last that it was handed; what lies between is looked at until <paramref name="batch"/> is done.</param>
    /// <param name="batch">The last batch that it was handed.</param>
    /// <param name="keepsNone">Nobody is expected to ask for it soon.</param>
    internal void Trim(LogIndex durable, LogIndex applied, LogIndex submitted, ulong batch, bool keepsNone = false)
    {
        LogIndex through = LogIndex.Min(durable, applied);
        while (_count > 0 && ((Start < through && (keepsNone || _bytes > BytesKept || _count > 4096)) || (Start < durable && _bytes > BytesUnapplied)))
        {
            ref StoredEntry gone = ref _ring[_head];
            _bytes -= gone.Payload.Length;
            gone = default;
            _head = (_head + 1) & (_ring.Length - 1);
            _count--;
            Start = Start.Next;
        }

        int done = 0;
        while (done < _owners.Count && _owners[done].Last <= Start)
        {
            (LogIndex first, LogIndex last, IEntryOwner owner) = _owners[done++];
            if (last <= applied || first > submitted)
            {
                owner.Release();
            }
            else
            {
                _condemned.Enqueue((0, batch, owner));
            }
        }

        _owners.RemoveRange(0, done);
    }

    private ref StoredEntry this[LogIndex index] => ref _ring[(_head + (int)(index - Start) - 1) & (_ring.Length - 1)];

    private void Grow()
    {
        var larger = new StoredEntry[_ring.Length * 2];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        }

        (_ring, _head) = (larger, 0);
    }
}
