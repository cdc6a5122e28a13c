using Graft.Consensus;

namespace Graft.Simulation.Disks;

/// <content>The end of a process, with its power or without, and copies to try several ends.</content>
public sealed partial class SimulatedDisk
{
    private delegate void Decision(PendingItem item, Span<bool> kept);

    /// <summary>How many changes a power loss could keep or lose now.</summary>
    public int PendingCount
    {
        get
        {
            int count = 0;
            foreach (DirectoryNode? node in _directories)
            {
                count += node?.Pending.Count ?? 0;
            }

            foreach (Inode? inode in _inodes)
            {
                count += inode?.Pending.Count ?? 0;
            }

            return count;
        }
    }

    /// <summary>The changes a power loss could keep or lose now, oldest first.</summary>
    public IReadOnlyList<PendingItem> Pending
    {
        get
        {
            List<PendingItem> items = [];
            foreach (PendingChange change in Gather())
            {
                items.Add(change.Describe(items.Count, _options.SectorBytes));
            }

            return items;
        }
    }

    /// <summary>Power is lost. The disk holds what survived and can be opened again; what was open or locked is dead.</summary>
    public void Crash(CrashMode mode)
    {
        if (mode == CrashMode.Drawn)
        {
            // Half of the draws are extremes.
            mode = _crashes.Next(0, 3) switch { 0 => CrashMode.LoseAll, 1 => CrashMode.KeepAll, _ => CrashMode.Random };
        }

        Decision decide = mode switch
        {
            CrashMode.LoseAll => (_, kept) => kept.Clear(),
            CrashMode.KeepAll => (_, kept) => kept.Fill(true),
            _ => Drawn(_crashes),
        };
        LosePower(mode.ToString(), decide);
    }

    /// <summary>Power is lost, and of <see cref="Pending"/> just the items marked true survive, whole.</summary>
    /// <remarks>
    /// To enumerate every outcome, fork once per subset. In an ordered journal some subsets of metadata cannot be: what
    /// depends on a lost item is lost with it, so such a subset repeats the outcome of another.
    /// </remarks>
    /// <param name="survivors">One for each pending item.</param>
    public void CrashKeeping(ReadOnlySpan<bool> survivors)
    {
        if (survivors.Length != PendingCount)
        {
            throw new ArgumentException($"{PendingCount} items are pending.", nameof(survivors));
        }

        bool[] marks = survivors.ToArray();
        LosePower("Keeping", (item, kept) => kept.Fill(marks[item.Index]));
    }

    /// <summary>The same, with bit i for item i: a loop from 0 to 2^<see cref="PendingCount"/> sees every subset.</summary>
    public void CrashKeeping(ulong survivors)
    {
        if (PendingCount > 64)
        {
            throw new InvalidOperationException($"{PendingCount} items are pending, more than 64.");
        }

        LosePower("Keeping", (item, kept) => kept.Fill(((survivors >> item.Index) & 1) != 0));
    }

    /// <summary>The same, asked for each sector of each item.</summary>
    public void CrashKeeping(Func<PendingItem, int, bool> survives)
    {
        ArgumentNullException.ThrowIfNull(survives);
        LosePower("Keeping", (item, kept) =>
        {
            for (int sector = 0; sector < kept.Length; sector++)
            {
                kept[sector] = survives(item, sector);
            }
        });
    }

    /// <summary>The process dies and the machine stays up: what was written shows, and is still pending.</summary>
    public void Kill()
    {
        EndProcess();
        Trace("kill");
        Sweep();
    }

    /// <summary>The machine drops its clean pages: what a failed flush or a false write left in them is gone.</summary>
    public void EvictCache()
    {
        foreach (Inode? inode in _inodes)
        {
            if (inode is not null)
            {
                inode.Cache = inode.Reread(inode.Cache.Length);
            }
        }
    }

    /// <summary>A disk of its own with the same bytes, names, pending changes, counts and plans.</summary>
    /// <remarks>
    /// Nothing is open or locked in it. Its draws are its own: ten forks crash in ten ways, and the history goes on as if
    /// none had been taken.
    /// </remarks>
    public SimulatedDisk Fork()
    {
        var fork = new SimulatedDisk(_forks.Fork(), _options) { _nextSerial = _nextSerial };
        fork._directories.Clear();
        foreach (DirectoryNode? node in _directories)
        {
            fork._directories.Add(node?.Clone());
        }

        foreach (Inode? inode in _inodes)
        {
            fork._inodes.Add(inode?.Clone());
        }

        CopyFaultsTo(fork);
        fork.Sweep();
        return fork;
    }

    private void LosePower(string how, Decision decide)
    {
        // Off the lists first: what is kept may take along what still waits, and here nothing waits any more.
        List<PendingChange> changes = Gather();
        foreach (DirectoryNode? node in _directories)
        {
            node?.Pending.Clear();
        }

        foreach (Inode? inode in _inodes)
        {
            inode?.Pending.Clear();
        }

        Keep(changes, decide);
        EndProcess();
        foreach (DirectoryNode? node in _directories)
        {
            node?.ShowDurable();
        }

        foreach (Inode? inode in _inodes)
        {
            if (inode is not null)
            {
                inode.Cache = inode.Durable.Clone();
                inode.LengthToCome = inode.Durable.Length;
            }
        }

        Trace($"power loss: {how}");
        Sweep();
        Recount();
    }

    /// <summary>Brings to the platter what of these changes is decided to survive.</summary>
    private void Keep(List<PendingChange> changes, Decision decide)
    {
        bool[][] kept = new bool[changes.Count][];
        for (int i = 0; i < changes.Count; i++)
        {
            kept[i] = new bool[changes[i].SectorCount(_options.SectorBytes)];
            decide(changes[i].Describe(i, _options.SectorBytes), kept[i]);
        }

        if (_options.Journal == JournalOrder.Ordered)
        {
            LoseWhatDependsOnTheLost(changes, kept);
        }

        for (int i = 0; i < changes.Count; i++)
        {
            PendingChange change = changes[i];
            if (change.Kind == PendingKind.Data)
            {
                SettleSectors(change, kept[i]);
            }
            else if (kept[i][0] && change.IsName)
            {
                DirectoryNode.Apply(_directories[change.Owner]!.Durable, change);
                TakePartnerAlong(change);
            }
            else if (kept[i][0])
            {
                Settle(_inodes[change.Owner]!, change);
            }
        }

        foreach (PendingChange change in changes)
        {
            if (!change.IsName)
            {
                _inodes[change.Owner]!.Durable.CutToLength();
            }
        }
    }

    private static void LoseWhatDependsOnTheLost(List<PendingChange> changes, bool[][] kept)
    {
        // A lost link can cut the prefix of another directory, hence until nothing changes.
        SortedSet<(bool IsName, int Owner)> cut = [];
        SortedSet<long> lost = [];
        int before;
        do
        {
            before = lost.Count;
            cut.Clear();
            for (int i = 0; i < changes.Count; i++)
            {
                PendingChange change = changes[i];
                if (change.Kind == PendingKind.Data)
                {
                    continue;
                }

                (bool, int) journal = (change.IsName, change.Owner);
                if (!kept[i][0] || cut.Contains(journal) || (change.Partner is { } link && lost.Contains(link.Serial)))
                {
                    kept[i][0] = false;
                    cut.Add(journal);
                    lost.Add(change.Serial);
                }
            }
        }
        while (lost.Count != before);
    }

    private void SettleSectors(PendingChange change, bool[] kept)
    {
        Inode owner = _inodes[change.Owner]!;
        long position = change.Offset;
        long end = change.Offset + change.Data.Length;
        foreach (bool isKept in kept)
        {
            long next = Math.Min(end, ((position / _options.SectorBytes) + 1) * _options.SectorBytes);
            if (isKept)
            {
                int from = (int)(position - change.Offset);
                SettleData(owner, change, change.Data.AsSpan(from, (int)(next - position)), position);
            }

            position = next;
        }

        Invariant.Check(position == end, position, end);
    }

    private static Decision Drawn(SeededRandom random)
    {
        var fate = new Fate(random);
        return (_, kept) => fate.Decide(kept);
    }

    private List<PendingChange> Gather()
    {
        List<PendingChange> changes = [];
        foreach (DirectoryNode? node in _directories)
        {
            changes.AddRange(node?.Pending ?? []);
        }

        foreach (Inode? inode in _inodes)
        {
            changes.AddRange(inode?.Pending ?? []);
        }

        changes.Sort((one, other) => one.Serial.CompareTo(other.Serial));
        return changes;
    }

    private void EndProcess()
    {
        _process++;
        _locks.Clear();
        _hasDied = false;
        _deathAt = 0;
        foreach (Inode? inode in _inodes)
        {
            if (inode is not null)
            {
                inode.OpenFiles = 0;
            }
        }
    }

    private void Recount()
    {
        foreach (Inode? inode in _inodes)
        {
            if (inode is not null)
            {
                inode.VisibleNames = 0;
            }
        }

        foreach ((string path, Entry entry) in Walk(isDurable: false))
        {
            if (!entry.IsDirectory)
            {
                _inodes[entry.Id]!.VisibleNames++;
                _inodes[entry.Id]!.Path = path;
            }
        }
    }

    /// <summary>Forgets what no name leads to, on the platter or in view, now or once what is pending has been kept.</summary>
    private void Sweep()
    {
        bool[] isNamed = new bool[_inodes.Count];
        bool[] isReached = new bool[_directories.Count];
        Stack<int> left = [];
        Reach(new Entry(true, Root));
        while (left.TryPop(out int id))
        {
            DirectoryNode node = _directories[id]!;
            foreach (Entry entry in node.Visible.Values)
            {
                Reach(entry);
            }

            foreach (Entry entry in node.Durable.Values)
            {
                Reach(entry);
            }

            foreach (PendingChange change in node.Pending)
            {
                Reach(change.Entry);
            }
        }

        for (int i = 0; i < isNamed.Length; i++)
        {
            if (!isNamed[i] && _inodes[i] is not { OpenFiles: > 0 })
            {
                _inodes[i] = null;
            }
        }

        for (int i = 0; i < isReached.Length; i++)
        {
            if (!isReached[i])
            {
                _directories[i] = null;
            }
        }

        void Reach(Entry entry)
        {
            bool[] seen = entry.IsDirectory ? isReached : isNamed;
            if (entry.IsDirectory && !seen[entry.Id])
            {
                left.Push(entry.Id);
            }

            seen[entry.Id] = true;
        }
    }

    /// <summary>Every file and directory with its path.</summary>
    private List<(string Path, Entry Entry)> Walk(bool isDurable)
    {
        List<(string, Entry)> found = [];
        List<DirectoryNode> left = [_directories[Root]!];
        for (int i = 0; i < left.Count; i++)
        {
            foreach ((string name, Entry entry) in isDurable ? left[i].Durable : left[i].Visible)
            {
                found.Add((left[i].Path.Length == 0 ? name : $"{left[i].Path}/{name}", entry));
                if (entry.IsDirectory)
                {
                    left.Add(_directories[entry.Id]!);
                }
            }
        }

        return found;
    }
}
