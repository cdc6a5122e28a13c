using Graft.Storage;

namespace Graft.Simulation.Disks;

/// <content>What an open file asks for, and the way from the cache to the platter.</content>
public sealed partial class SimulatedDisk
{
    internal int Read(Inode inode, string path, Span<byte> buffer, long offset)
    {
        DiskFault fault = Begin(DiskCall.Read, path, "", offset, buffer.Length);
        int count = (int)Math.Clamp(inode.Cache.Length - offset, 0, buffer.Length);
        if (count > 0)
        {
            Spoil(inode, offset, count, fault);
        }

        End(DiskCall.Read, path, fault);
        if (count == 0)
        {
            return 0;
        }

        // As the kernel does: what comes before the bad range is returned, and the next read meets the error.
        long readable = inode.Unreadable.FirstIn(offset, offset + count) - offset;
        if (readable == 0)
        {
            throw Failure(DiskError.Failed, DiskCall.Read, path, "input/output error");
        }

        count = (int)readable;
        if (fault == DiskFault.ShortRead && count > 1)
        {
            count = _faults.Next(1, count - 1);
        }

        FileImage source = fault == DiskFault.StaleRead ? inode.Previous : inode.Cache;
        source.CopyTo(buffer[..count], offset);
        return count;
    }

    /// <param name="inode">The file.</param>
    /// <param name="path">What it was opened as.</param>
    /// <param name="data">The bytes; the disk keeps the array.</param>
    /// <param name="offset">Where they go.</param>
    internal void Write(Inode inode, string path, byte[] data, long offset)
    {
        DiskFault fault = Begin(DiskCall.Write, path, "", offset, data.Length);
        if (data.Length == 0)
        {
            End(DiskCall.Write, path, fault);
            return;
        }

        int fits = Fitting(inode, data.Length, offset);
        int written = fits;
        if (fault is DiskFault.Fail or DiskFault.NoSpace)
        {
            // Nobody is told how much of a failed write was done.
            written = Math.Min(fits, _faults.Next(0, data.Length));
        }

        if (written > 0)
        {
            PutData(inode, written == data.Length ? data : data[..written], offset, fault);
        }

        End(DiskCall.Write, path, fault);
        if (fits < data.Length)
        {
            throw Failure(DiskError.NoSpace, DiskCall.Write, path, "no space left on device");
        }
    }

    internal void Flush(Inode inode, string path)
    {
        DiskFault fault = Begin(DiskCall.Flush, path);
        if (fault == DiskFault.Fail)
        {
            GiveUp(inode);
        }
        else if (fault == DiskFault.None && !FlushesLie)
        {
            MakeDurable(inode);
        }

        End(DiskCall.Flush, path, fault);
    }

    internal void SetLength(Inode inode, string path, long length)
    {
        DiskFault fault = Begin(DiskCall.SetLength, path, "", length);
        if (ActsBeforeFailing(fault))
        {
            if (length > inode.Cache.Length)
            {
                NeedSpace(1, DiskCall.SetLength, path);
            }

            PutLength(inode, length);
        }

        End(DiskCall.SetLength, path, fault);
    }

    private void PutData(Inode inode, byte[] data, long offset, DiskFault fault = DiskFault.None)
    {
        inode.Unreadable.Remove(offset, offset + data.Length);
        inode.Cache.Put(data, offset);
        (int Target, long Offset)? place = fault switch
        {
            DiskFault.LostWrite => null,
            DiskFault.MisdirectedWrite => Elsewhere(inode, offset),
            _ => (inode.Id, offset),
        };
        if (place is { } landed)
        {
            inode.Pending.Add(new PendingChange
            {
                Serial = _nextSerial++,
                Kind = PendingKind.Data,
                Owner = inode.Id,
                Path = inode.Path,
                Target = landed.Target,
                Offset = landed.Offset,
                Data = data,
            });
        }

        // After a failed flush the view can be longer than the platter will be, and a write that lies in between needs a
        // length though it doesn't lengthen what shows. Without it the next flush would succeed and the data be cut off.
        long end = offset + data.Length;
        if (end > inode.Cache.Length)
        {
            PutLength(inode, end);
        }
        else if (end > inode.LengthToCome)
        {
            AddLength(inode, end);
        }
    }

    private void PutLength(Inode inode, long length)
    {
        inode.Unreadable.Remove(length, long.MaxValue);
        inode.Cache.SetLength(length);
        if (length != inode.LengthToCome)
        {
            AddLength(inode, length);
        }
    }

    private void AddLength(Inode inode, long length)
    {
        inode.LengthToCome = length;
        inode.Pending.Add(new PendingChange
        {
            Serial = _nextSerial++,
            Kind = PendingKind.Length,
            Owner = inode.Id,
            Path = inode.Path,
            Length = length,
        });
    }

    /// <summary>Where a misdirected write lands: a sector that exists, of this file or another. Null: nowhere.</summary>
    private (int Target, long Offset)? Elsewhere(Inode inode, long offset)
    {
        List<Inode> targets = [];
        foreach (Inode? other in _inodes)
        {
            if (other is not null && other.Durable.Length > (other.Id == inode.Id ? _options.SectorBytes : 0))
            {
                targets.Add(other);
            }
        }

        if (targets.Count == 0)
        {
            return null;
        }

        Inode target = targets[_faults.Next(0, targets.Count - 1)];
        long sectors = (target.Durable.Length + _options.SectorBytes - 1) / _options.SectorBytes;
        long sector = (long)_faults.NextBelow((ulong)sectors);
        if (target.Id == inode.Id && sector == offset / _options.SectorBytes)
        {
            sector = (sector + 1) % sectors;
        }

        return (target.Id, sector * _options.SectorBytes);
    }

    private void MakeDurable(Inode inode)
    {
        if (inode.Pending.Count == 0)
        {
            return;
        }

        inode.Previous = inode.Durable.Clone();
        foreach (PendingChange change in inode.Pending)
        {
            Settle(inode, change);
        }

        inode.Pending.Clear();
        inode.Durable.CutToLength();
    }

    /// <summary>One change of a file reaches the platter whole.</summary>
    private void Settle(Inode inode, PendingChange change)
    {
        if (change.Kind == PendingKind.Length)
        {
            inode.Durable.SetLength(change.Length);
        }
        else
        {
            SettleData(inode, change, change.Data, change.Offset);
        }
    }

    private void SettleData(Inode inode, PendingChange change, ReadOnlySpan<byte> data, long offset)
    {
        if (change.Target == inode.Id)
        {
            inode.Durable.Put(data, offset);
        }
        else if (_inodes[change.Target] is { } other)
        {
            // The sectors of another file: they exist, and its length doesn't change.
            other.Durable.Put(data, offset);
            other.Durable.CutToLength();
        }
    }

    /// <summary>A flush failed: what was pending is on the platter or not, and in either case no longer pending.</summary>
    private void GiveUp(Inode inode)
    {
        inode.Previous = inode.Durable.Clone();
        List<PendingChange> changes = [.. inode.Pending];
        inode.Pending.Clear();
        Keep(changes, Drawn(_faults));
        inode.LengthToCome = inode.Durable.Length;
        if (_options.FailedFlush == FailedFlushView.Reverted)
        {
            inode.Cache = inode.Durable.Clone();
        }
    }

    private void GiveUp(DirectoryNode node)
    {
        List<PendingChange> changes = [.. node.Pending];
        node.Pending.Clear();
        Keep(changes, Drawn(_faults));

        // A file system whose journal fails goes read-only, and after the next mount shows what is durable. Names that were shown on
        // and never written could be mended by nobody: there is nothing to write again.
        node.ShowDurable();
        Recount();
    }
}
