using System.Collections.Immutable;
using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>A node's disk: what would survive a crash now, and the writes that might.</summary>
/// <remarks>
/// Orders are atomic and take effect in sequence, as <see cref="PersistOrder"/> asks of a host. Receipts may still come out
/// of sequence, and a crash may keep any prefix of the writes that isn't shorter than what has been receipted without gap.
/// </remarks>
public sealed class CoreDisk
{
    private readonly List<LogEntry> _entries = [];
    private readonly List<DiskWrite> _pending = [];
    private (LogIndex Index, Membership Membership) _membershipAtStart = (LogIndex.Zero, Membership.Empty);

    /// <summary>A disk that holds nothing.</summary>
    public CoreDisk()
    {
    }

    /// <summary>The disk of a founding member.</summary>
    public CoreDisk(Membership founding)
    {
        ArgumentNullException.ThrowIfNull(founding);
        HardState = RestoredState.Founding(founding).HardState;
        _entries.Add(new LogEntry(EntryId.Of(1, 1), 0, 0, founding));
    }

    /// <summary>How often a node has started from this disk.</summary>
    public Incarnation Incarnation { get; private set; }

    public HardState HardState { get; private set; }

    public EntryId LogStart { get; private set; }

    /// <summary>The entries on the platter, from <see cref="LogStart"/> on.</summary>
    public IReadOnlyList<LogEntry> Entries => _entries;

    public EntryId Last => _entries.Count == 0 ? LogStart : _entries[^1].Id;

    /// <summary>The newest snapshot, or null.</summary>
    public SnapshotImage? Snapshot { get; private set; }

    /// <summary>Writes that aren't on the platter, oldest first.</summary>
    public IReadOnlyList<DiskWrite> Pending => _pending;

    /// <summary>Set if entries rotted: what the next start has to be told.</summary>
    public LostEntries? Lost { get; private set; }

    /// <summary>The entry at <paramref name="index"/> on the platter, or null.</summary>
    public LogEntry? Find(LogIndex index)
    {
        return index > LogStart.Index && index - LogStart.Index <= (ulong)_entries.Count
            ? _entries[(int)(index - LogStart.Index) - 1]
            : null;
    }

    public void Write(DiskWrite write)
    {
        ArgumentNullException.ThrowIfNull(write);
        _pending.Add(write);
    }

    /// <summary>The write at <paramref name="position"/> among the pending ones is done; returns its receipt.</summary>
    public PersistReceipt Complete(int position)
    {
        DiskWrite write = _pending[position];
        write.IsDone = true;
        while (_pending.Count > 0 && _pending[0].IsDone)
        {
            TakeEffect(_pending[0]);
            _pending.RemoveAt(0);
        }

        return write.Order.Receipt;
    }

    /// <summary>Power is lost: the first <paramref name="kept"/> pending writes have made it, the rest never were.</summary>
    public void Crash(int kept)
    {
        for (int i = 0; i < Math.Min(kept, _pending.Count); i++)
        {
            TakeEffect(_pending[i]);
        }

        _pending.Clear();
    }

    /// <summary>Entries above <paramref name="intact"/> have rotted, and the next start finds out.</summary>
    /// <param name="intact">The last index that can still be read.</param>
    /// <param name="isMarkKnown">Whether the mark of the highest acknowledged entry survived.</param>
    public void Rot(LogIndex intact, bool isMarkKnown)
    {
        EntryId highest = Last;
        if (intact < LogStart.Index || intact >= highest.Index)
        {
            return;
        }

        _entries.RemoveAll(entry => entry.Id.Index > intact);

        // Damage on damage: the mark of the first one is as old as the acknowledgements it stands for.
        EntryId? known = Lost is { } earlier && earlier.HighestAcknowledged is not { } ? null : highest;
        if (Lost is { HighestAcknowledged: { } mark } && mark.IsAtLeastAsUpToDateAs(highest))
        {
            known = mark;
        }

        Lost = new LostEntries(isMarkKnown ? known : null);
    }

    /// <summary>The core has found everything again that had rotted.</summary>
    public void ForgetLoss() => Lost = null;

    /// <summary>A snapshot is stored under its own name; durable at once.</summary>
    public void Save(SnapshotImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (Snapshot is null || Snapshot.Snapshot.Last.Index < image.Snapshot.Last.Index)
        {
            Snapshot = image;
        }
    }

    /// <summary>Frees the log up to <paramref name="index"/>, which the snapshot covers.</summary>
    public void CompactTo(LogIndex index)
    {
        Invariant.Check(Snapshot is not null && Snapshot.Snapshot.Last.Index >= index);
        int gone = 0;
        while (gone < _entries.Count && _entries[gone].Id.Index <= index)
        {
            LogEntry entry = _entries[gone++];
            LogStart = entry.Id;
            if (entry.Membership is { } membership)
            {
                _membershipAtStart = (entry.Id.Index, membership);
            }
        }

        _entries.RemoveRange(0, gone);
    }

    /// <summary>Counts a start and says what a core finds.</summary>
    /// <remarks>
    /// A log that doesn't hold the snapshot's last entry (it ends earlier, or the crash came between the two steps of an
    /// install) is put away, as the core puts it away: what is appended next continues the snapshot.
    /// </remarks>
    public RestoredState Restore()
    {
        Incarnation = new Incarnation(Incarnation.Value + 1);
        if (Snapshot is { Snapshot: var newest } && newest.Last != LogStart && Find(newest.Last.Index)?.Id != newest.Last)
        {
            _entries.Clear();
            LogStart = newest.Last;
            _membershipAtStart = (newest.MembershipIndex, newest.Membership);
        }

        ImmutableArray<TermRun>.Builder runs = ImmutableArray.CreateBuilder<TermRun>();
        ImmutableArray<(LogIndex, Membership)>.Builder memberships = ImmutableArray.CreateBuilder<(LogIndex, Membership)>();
        foreach (LogEntry entry in _entries)
        {
            if (runs.Count > 0 && runs[^1].Term == entry.Id.Term)
            {
                runs[^1] = runs[^1] with { Last = entry.Id.Index };
            }
            else
            {
                runs.Add(new TermRun(entry.Id.Term, entry.Id.Index, entry.Id.Index));
            }

            if (entry.Membership is { } membership)
            {
                memberships.Add((entry.Id.Index, membership));
            }
        }

        return new RestoredState
        {
            HardState = HardState,
            Snapshot = Snapshot?.Snapshot,
            LogStart = LogStart,
            Log = runs.ToImmutable(),
            Memberships = memberships.ToImmutable(),
            MembershipAtStart = _membershipAtStart,
            Lost = Lost,
        };
    }

    private void TakeEffect(DiskWrite write)
    {
        PersistOrder order = write.Order;
        if (order.HardState is { } state)
        {
            HardState = state;
        }

        if (write.Install is { } image)
        {
            Snapshot = image;
            if (order.ResetLog)
            {
                _entries.Clear();
                LogStart = image.Snapshot.Last;
                _membershipAtStart = (image.Snapshot.MembershipIndex, image.Snapshot.Membership);
            }
        }

        if (order.TruncateAfter is { } after)
        {
            _entries.RemoveAll(entry => entry.Id.Index > after);
        }

        foreach (LogEntry entry in write.Entries)
        {
            Invariant.Check(entry.Id.Index == Last.Index.Next, entry.Id, Last);
            _entries.Add(entry);
        }
    }
}
