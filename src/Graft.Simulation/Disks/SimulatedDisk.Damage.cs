namespace Graft.Simulation.Disks;

/// <content>What a test may look at behind the disk's back, and the damage it may do there.</content>
public sealed partial class SimulatedDisk
{
    /// <summary>The paths of the files that would be there had power just been lost with all that is pending.</summary>
    public IReadOnlyList<string> DurableFiles => Paths(isDurable: true);

    /// <summary>The paths of the files that show.</summary>
    public IReadOnlyList<string> VisibleFiles => Paths(isDurable: false);

    /// <summary>What is on the platter of a file that shows, or, if none shows there, that the platter has under this path.</summary>
    public byte[] ReadDurable(string path) => Content(Inspect(path).Durable);

    /// <summary>What reads of a file show while nothing goes wrong.</summary>
    public byte[] ReadVisible(string path) => Content(Inspect(path).Cache);

    /// <summary>Flips one bit, on the platter and in the cache.</summary>
    /// <remarks>A pending write at this place is not touched: it will heal the platter.</remarks>
    public void FlipBit(string path, long offset, int bit) => Flip(Inspect(path), offset, bit);

    /// <summary>Reading any of these bytes fails until they are written.</summary>
    public void MakeUnreadable(string path, long offset, long length) =>
        Inspect(path).Unreadable.Add(offset, offset + length);

    /// <summary>The sector that holds this byte has another content, on the platter and in the cache.</summary>
    public void LoseSector(string path, long offset, LostSectorContent content) => Lose(Inspect(path), offset, content);

    /// <summary>Flips a drawn bit of a drawn file; returns where, or null if there is no byte on the platter.</summary>
    public (string Path, long Offset)? RotSomewhere()
    {
        List<Inode> candidates = [];
        foreach (Inode? inode in _inodes)
        {
            if (inode is { Durable.Length: > 0, VisibleNames: > 0 })
            {
                candidates.Add(inode);
            }
        }

        if (candidates.Count == 0)
        {
            return null;
        }

        Inode victim = candidates[_faults.Next(0, candidates.Count - 1)];
        long offset = (long)_faults.NextBelow((ulong)victim.Durable.Length);
        Flip(victim, offset, _faults.Next(0, 7));
        return (victim.Path, offset);
    }

    /// <summary>What happens to the medium just before a read of it.</summary>
    private void Spoil(Inode inode, long offset, int count, DiskFault fault)
    {
        if (fault is not (DiskFault.BitRot or DiskFault.LatentError or DiskFault.LostSector))
        {
            return;
        }

        long victim = offset + _faults.Next(0, count - 1);
        switch (fault)
        {
            case DiskFault.BitRot:
                Flip(inode, victim, _faults.Next(0, 7));
                break;
            case DiskFault.LatentError:
                long start = victim / _options.SectorBytes * _options.SectorBytes;
                inode.Unreadable.Add(start, Math.Min(start + _options.SectorBytes, inode.Cache.Length));
                break;
            case DiskFault.LostSector:
                Lose(inode, victim, _faults.Chance(500) ? LostSectorContent.Zeros : LostSectorContent.Old);
                break;
        }
    }

    private static void Flip(Inode inode, long offset, int bit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, Math.Max(inode.Durable.Length, inode.Cache.Length));
        Span<byte> one = stackalloc byte[1];
        foreach (FileImage image in (ReadOnlySpan<FileImage>)[inode.Durable, inode.Cache])
        {
            if (offset < image.Length)
            {
                image.CopyTo(one, offset);
                one[0] ^= (byte)(1 << bit);
                image.Put(one, offset);
            }
        }
    }

    private void Lose(Inode inode, long offset, LostSectorContent content)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        long start = offset / _options.SectorBytes * _options.SectorBytes;
        byte[] sector = new byte[_options.SectorBytes];
        if (content == LostSectorContent.Old)
        {
            inode.Previous.CopyTo(sector, start);
        }

        foreach (FileImage image in (ReadOnlySpan<FileImage>)[inode.Durable, inode.Cache])
        {
            if (start < image.Length)
            {
                image.Put(sector.AsSpan(0, (int)Math.Min(sector.Length, image.Length - start)), start);
            }
        }
    }

    private List<string> Paths(bool isDurable)
    {
        List<string> paths = [];
        foreach ((string path, Entry entry) in Walk(isDurable))
        {
            if (!entry.IsDirectory)
            {
                paths.Add(path);
            }
        }

        paths.Sort(StringComparer.Ordinal);
        return paths;
    }

    private Inode Inspect(string path)
    {
        if (Find(path) is { IsDirectory: false } entry)
        {
            return _inodes[entry.Id]!;
        }

        foreach ((string found, Entry held) in Walk(isDurable: true))
        {
            if (found == path && !held.IsDirectory)
            {
                return _inodes[held.Id]!;
            }
        }

        throw new ArgumentException($"There is no file '{path}'.", nameof(path));
    }

    private static byte[] Content(FileImage image)
    {
        byte[] content = new byte[checked((int)image.Length)];
        image.CopyTo(content, 0);
        return content;
    }
}
