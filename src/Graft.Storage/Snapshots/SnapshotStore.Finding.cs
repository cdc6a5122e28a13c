using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Graft.Consensus;

namespace Graft.Storage;

/// <content>Which snapshots there are, which to start from, and which to delete.</content>
public sealed partial class SnapshotStore
{
    /// <summary>The snapshots of a group, newest first, each verified to the last byte: this reads them all. Changes nothing.</summary>
    /// <exception cref="DiskException">The disk doesn't let one be opened.</exception>
    public IReadOnlyList<SnapshotListing> List(GroupId group)
    {
        var listings = new List<SnapshotListing>();
        foreach (EntryId last in Positions(group))
        {
            if (TryVerify(group, last, out SnapshotVerdict? verdict, out _))
            {
                listings.Add(new SnapshotListing(last, verdict));
            }
        }

        return listings;
    }

    /// <summary>What a start begins from: the newest snapshot that verifies to the last byte. It's durable when this returns.</summary>
    /// <param name="group">Whose snapshot.</param>
    /// <param name="warnings">Gets each damaged one that is newer. It's set aside under another name, not deleted (D3).</param>
    /// <returns>Null if there's none. Whether the log makes up for a damaged one is for the caller to judge.</returns>
    /// <exception cref="SnapshotException">
    /// The newest undamaged one is another cluster's or a newer program's. An older one isn't taken for it: the log behind it
    /// may be gone.
    /// </exception>
    /// <exception cref="StorageFailedException">The names could not be made durable.</exception>
    /// <exception cref="DiskException">The disk doesn't let one be opened. Nothing is concluded from that.</exception>
    public Snapshot? FindNewestValid(GroupId group, ICollection<SnapshotWarning> warnings)
    {
        ArgumentNullException.ThrowIfNull(warnings);
        foreach (EntryId last in Positions(group))
        {
            if (!TryJudge(group, last, warnings, out SnapshotVerdict? verdict))
            {
                continue;
            }

            switch (verdict.Validity)
            {
                case SnapshotValidity.Valid:
                    ThrowIfFailed();
                    FlushNames(group);
                    return verdict.Description!.Snapshot;

                case SnapshotValidity.Damaged:
                    break;

                default:
                    throw SnapshotException.Of(verdict.File, verdict.Fault!);
            }
        }

        return null;
    }

    /// <summary>Deletes what is older than the newest valid snapshots, and what a receipt that they overtook has left.</summary>
    /// <param name="group">Whose snapshots.</param>
    /// <param name="keep">
    /// How many valid ones stay, at least 1. Valid means verified now; a damaged one counts for nothing and is set aside.
    /// </param>
    /// <param name="warnings">Gets what is damaged, what is another cluster's or a newer program's, and what couldn't be deleted.</param>
    /// <returns>The files deleted, durably, oldest first. One that is open or being replaced stays until the next time.</returns>
    /// <exception cref="StorageFailedException">Final, now or earlier.</exception>
    public IReadOnlyList<string> Prune(GroupId group, int keep, ICollection<SnapshotWarning> warnings)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        ArgumentNullException.ThrowIfNull(warnings);
        ThrowIfFailed();
        EntryId? newest = null;
        int kept = 0;
        var superseded = new Stack<string>();
        foreach (EntryId last in Positions(group))
        {
            if (!TryJudge(group, last, warnings, out SnapshotVerdict? verdict) || verdict.Validity == SnapshotValidity.Damaged)
            {
                continue;
            }

            if (verdict.Fault is { } fault)
            {
                warnings.Add(new SnapshotWarning(verdict.File, $"it is not ours to delete: {fault}.", fault));
            }
            else if (kept < keep)
            {
                kept++;
                newest ??= last;
            }
            else
            {
                superseded.Push(verdict.File);
            }
        }

        if (newest is not { } successor)
        {
            return [];
        }

        // The successor's name first: a crash must not find the old one gone and the new one never there (H22).
        FlushNames(group);
        var deleted = new List<string>();
        DeleteUnused(superseded, deleted, warnings);
        DeleteOvertaken(group, successor, deleted, warnings);
        if (deleted.Count > 0)
        {
            FlushNames(group);
        }

        return deleted;
    }

    private void DeleteUnused(IEnumerable<string> oldestFirst, List<string> deleted, ICollection<SnapshotWarning> warnings)
    {
        foreach (string path in oldestFirst)
        {
            // Under the lock, so that nobody opens it between the question and the deed.
            lock (_lock)
            {
                if (!_pins.ContainsKey(path) && !_claims.Contains(path) && TryDelete(path, warnings))
                {
                    deleted.Add(path);
                }
            }
        }
    }

    private void DeleteOvertaken(GroupId group, EntryId newest, List<string> deleted, ICollection<SnapshotWarning> warnings)
    {
        string directory = SnapshotPaths.Directory(group);
        lock (_lock)
        {
            if (_claims.Contains(directory + SnapshotPaths.ReceivingSuffix))
            {
                return;
            }

            foreach (string name in _disk.ListFiles(directory))
            {
                string path = $"{directory}/{name}";
                if (SnapshotPaths.IsReceiving(name)
                    && SnapshotPaths.TryParsePosition(name, out EntryId last)
                    && last.Index <= newest.Index
                    && TryDelete(path, warnings))
                {
                    deleted.Add(path);
                }
            }
        }
    }

    /// <summary>Newest first. By index: positions with one index and two terms can't both be of one log, and the later term is.</summary>
    private List<EntryId> Positions(GroupId group)
    {
        var positions = new List<EntryId>();
        foreach (string name in _disk.ListFiles(SnapshotPaths.Directory(group)))
        {
            if (SnapshotPaths.TryParseSnapshot(name, out EntryId last))
            {
                positions.Add(last);
            }
        }

        // Names are in ordinal order, which is the order of index and then of term.
        positions.Reverse();
        return positions;
    }

    /// <summary>Verifies it, and sets it aside if it is damaged.</summary>
    /// <returns>False if it has gone since it was listed.</returns>
    private bool TryJudge(GroupId group, EntryId last, ICollection<SnapshotWarning> warnings, [NotNullWhen(true)] out SnapshotVerdict? verdict)
    {
        while (TryVerify(group, last, out verdict, out long ended))
        {
            if (verdict.Validity != SnapshotValidity.Damaged || TrySetAside(group, verdict, ended, warnings))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>False if it has gone since it was listed.</returns>
    private bool TryVerify(GroupId group, EntryId last, [NotNullWhen(true)] out SnapshotVerdict? verdict, out long ended)
    {
        string path = SnapshotPaths.Snapshot(group, last);
        lock (_lock)
        {
            ended = _ended;
        }

        Pin(path);
        try
        {
            verdict = SnapshotTools.Verify(_disk, path, Expect(group, last));
            return true;
        }
        catch (DiskException exception) when (exception.Error == DiskError.NotFound)
        {
            verdict = null;
            return false;
        }
        finally
        {
            Unpin(path);
        }
    }

    /// <returns>False if the damaged file may have been replaced by a whole one since it was verified; nothing was done then.</returns>
    private bool TrySetAside(GroupId group, SnapshotVerdict verdict, long ended, ICollection<SnapshotWarning> warnings)
    {
        ThrowIfFailed();
        SnapshotFault fault = verdict.Fault!;
        string reason = $"the snapshot is damaged {fault}.";
        string target = verdict.File + SnapshotPaths.DamagedSuffix;
        try
        {
            lock (_lock)
            {
                if (_claims.Contains(verdict.File))
                {
                    warnings.Add(new SnapshotWarning(verdict.File, $"{reason} It is skipped; a whole one is on its way.", fault));
                    return true;
                }

                if (_ended != ended)
                {
                    return false;
                }

                // A rename takes the place of what is there, and an earlier piece of evidence would be gone.
                for (int number = 2; _disk.FileExists(target); number++)
                {
                    target = string.Create(CultureInfo.InvariantCulture, $"{verdict.File}{SnapshotPaths.DamagedSuffix}.{number}");
                }

                _disk.Rename(verdict.File, target);
            }
        }
        catch (DiskException exception)
        {
            warnings.Add(new SnapshotWarning(verdict.File, $"{reason} It is skipped, and stays. {exception.Message}", fault));
            return true;
        }

        FlushNames(group);
        warnings.Add(new SnapshotWarning(verdict.File, $"{reason} It is skipped, and kept as {target}.", fault));
        return true;
    }
}
