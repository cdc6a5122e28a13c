using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What one group wants to have durable, as one step. Filled, handed to the log, and used again once it is done.</summary>
/// <remarks>
/// Takes effect in this order: <see cref="Start"/>, <see cref="TruncateAfter"/>, the entries; with <see cref="HardState"/> at once.
/// One larger than a batch goes to disk in several; a crash then keeps a prefix, and nothing is acknowledged before the last.
/// For one thread at a time; the log's from when it is handed over until it is answered.
/// </remarks>
public sealed class LogWrite
{
    private StoredEntry[] _entries = new StoredEntry[4];

    /// <summary>The group it is for.</summary>
    public GroupId Group { get; private set; }

    /// <summary>Term and vote, if they change.</summary>
    public HardState? HardState { get; set; }

    /// <summary>Compacts the log up to an entry.</summary>
    public LogStart? Start { get; set; }

    /// <summary>With <see cref="Start"/>: drops the entries above it too; an installed snapshot has replaced the log.</summary>
    public bool IsReset { get; set; }

    /// <summary>Drops the entries above this index.</summary>
    public LogIndex? TruncateAfter { get; set; }

    /// <summary>Removes the group with all it has.</summary>
    public bool IsRemoval { get; set; }

    /// <summary>The core has found again what the group had lost.</summary>
    public bool ForgetsLoss { get; set; }

    /// <summary>
    /// The group has lost entries that it may have acknowledged, as the host found out and the log can't have: kept in its rows until
    /// <see cref="ForgetsLoss"/>, so that a restart doesn't vote as if nothing had happened.
    /// </summary>
    public LostEntries? Lost { get; set; }

    /// <summary>The entries to append.</summary>
    public ReadOnlySpan<StoredEntry> Entries => _entries.AsSpan(0, Count);

    /// <summary>How many entries there are to append.</summary>
    public int Count { get; private set; }

    /// <summary>The batch that the last of it went into, once all of it is staged; zero before.</summary>
    public ulong Batch { get; internal set; }

    // Whether the checksums have been compared since the last entry was added.
    internal bool IsCompared { get; private set; }

    // What the log has taken over already.
    internal bool IsBegun { get; set; }

    internal int Staged { get; set; }

    // Votes, terms, configurations and compaction go on while there is no room for commands.
    internal bool IsEssential
    {
        get
        {
            foreach (ref readonly StoredEntry entry in Entries)
            {
                if (entry.Kind == EntryKind.Command)
                {
                    return false;
                }
            }

            return true;
        }
    }

    // Set if it compacts the log and does nothing else.
    internal LogIndex? CompactsThrough =>
        Start is { } start && !IsReset && !IsRemoval && !ForgetsLoss && Count == 0 && (HardState, TruncateAfter, Lost) is (null, null, null)
            ? start.At.Index : null;

    // What lies up to here is the same before and after it, and has to be there for it.
    internal LogIndex LeavesThrough =>
        Start is not null || IsRemoval ? LogIndex.Zero
            : TruncateAfter ?? (Count > 0 ? _entries[0].Id.Index.Previous : new LogIndex(ulong.MaxValue));

    /// <summary>Begins a new write in the place of the old.</summary>
    public void Begin(GroupId group)
    {
        Array.Clear(_entries, 0, Count);
        (Group, HardState, Start, IsReset, TruncateAfter, IsRemoval, ForgetsLoss, Lost) = (group, null, null, false, null, false, false, null);
        (Count, Batch, IsCompared, IsBegun, Staged) = (0, 0, false, false, 0);
    }

    /// <summary>Begins a new write with all that an order of the core asks for.</summary>
    /// <param name="group">The core's group.</param>
    /// <param name="order">The order. A snapshot that it installs has to be durable under its own name already.</param>
    /// <param name="runs">The terms of the entries that it appends: <see cref="Ready.PersistRuns"/>.</param>
    /// <param name="entries">Has those entries with their bytes.</param>
    /// <exception cref="ArgumentException">The runs aren't those of the order, or an entry isn't the one that was asked for.</exception>
    public void Fill(GroupId group, in PersistOrder order, ReadOnlySpan<TermRun> runs, IEntrySource entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Begin(group);
        HardState = order.HardState;
        TruncateAfter = order.TruncateAfter;
        if (order is { Install: { } installed, ResetLog: true })
        {
            // Nothing of the log is left to truncate, and what is to be kept of it lies below its new start.
            Start = LogStart.Of(installed.Last, installed.MembershipIndex, installed.Membership);
            IsReset = true;
            TruncateAfter = null;
        }

        LogIndex next = order.First;
        foreach (TermRun run in runs)
        {
            if (run.First != next || run.Last < run.First)
            {
                throw new ArgumentException($"{group}: {run} doesn't follow in {order}.", nameof(runs));
            }

            for (; next <= run.Last; next = next.Next)
            {
                var id = new EntryId(run.Term, next);
                StoredEntry entry = entries.Find(group, id);
                if (entry.Id != id)
                {
                    throw new ArgumentException($"{group}: {entry.Id} was given for {id}.", nameof(entries));
                }

                Add(entry);
            }
        }

        if (order.HasEntries ? next != order.Last.Index.Next : runs.Length > 0)
        {
            throw new ArgumentException($"{group}: the runs end before {next}, and {order} does at {order.Last}.", nameof(runs));
        }
    }

    /// <summary>Adds an entry behind the others. Whether it follows them, <see cref="WriteAheadLog.Stage"/> looks.</summary>
    /// <param name="entry">The entry; its bytes stay as they are until the write is done.</param>
    public void Add(in StoredEntry entry)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
        }

        _entries[Count++] = entry;
        IsCompared = false;
    }

    // Here and not at the log's door, if the bytes are still near the processor that runs this.
    internal void Compare()
    {
        IsCompared = true;
        foreach (ref readonly StoredEntry entry in Entries)
        {
            IsCompared &= entry.IsIntact;
        }
    }
}
