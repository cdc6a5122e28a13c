using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Whose directory it is, and how far it has come (docs/internals/storage-format.md, section 6).</summary>
internal sealed class DirectoryIdentity
{
    private const string Path = "identity";
    private const string NewPath = "identity.new";
    private const string LockPath = "lock";
    private const int SlotSize = 4096;
    private const int Used = 64;
    private const ushort CurrentVersion = 1;

    private readonly IDisk _disk;
    private readonly LogOptions _options;
    private ulong _writes;
    private DiskException? _unreadable;

    private DirectoryIdentity(IDisk disk, LogOptions options) => (_disk, _options) = (disk, options);

    /// <summary>How often the directory was started.</summary>
    internal uint Incarnation { get; private set; }

    /// <summary>The newest segment that has a durable batch, as far as it was noted.</summary>
    internal ulong NewestSegment { get; private set; }

    /// <summary>What is mixed into every record of this directory.</summary>
    internal ulong Salt { get; private set; }

    private static ReadOnlySpan<byte> Magic => "GRAFTID1"u8;

    internal static IDisposable Lock(IDisk disk, string holder)
    {
        try
        {
            disk.CreateDirectory("");
            return disk.Lock(LockPath, holder);
        }
        catch (DiskException failure) when (failure.Error == DiskError.Locked)
        {
            throw new StorageRefusedException($"The data directory is in use. {failure.Message} Two processes on one log would destroy it; stop the other first.");
        }
        catch (DiskException failure)
        {
            throw new StorageFailedException(failure);
        }
    }

    /// <summary>Reads the identity and compares it, or founds the directory. Counts the start.</summary>
    internal static DirectoryIdentity Start(IDisk disk, LogOptions options, bool hasLog)
    {
        var identity = new DirectoryIdentity(disk, options);
        if (disk.FileExists(Path))
        {
            identity.Read();
            identity.Count();
        }
        else if (hasLog)
        {
            throw new StorageRefusedException(
                "The data directory has a log but no file 'identity', so nothing says whose log it is. Restore the file, or give the node an empty directory: it then joins as a new node.");
        }
        else
        {
            identity.Found();
        }

        return identity;
    }

    /// <summary>Notes that a segment has a durable batch: should it vanish as a whole, the next start knows.</summary>
    internal void Note(ulong newestSegment)
    {
        NewestSegment = newestSegment;
        using IDiskFile file = _disk.Open(Path, DiskAccess.ReadWrite);
        WriteSlot(file);
        file.Flush();
    }

    /// <summary>
    /// The log knows of a later start than both copies do. Until this one has written a batch nothing else would know of it, and the
    /// next would have its number.
    /// </summary>
    internal void Raise(uint incarnation)
    {
        Incarnation = incarnation;
        WriteBoth();
    }

    private void Read()
    {
        using IDiskFile file = _disk.Open(Path, DiskAccess.Read);
        bool hasFirst = TryReadSlot(file, 0, out ulong firstWrites, out uint firstStarts, out ulong firstSegment, out ulong firstSalt);
        bool hasSecond = TryReadSlot(file, SlotSize, out ulong secondWrites, out uint secondStarts, out ulong secondSegment, out ulong secondSalt);
        if (!hasFirst && !hasSecond)
        {
            // What could not be read may be whole, and the next start may read it. To tell the operator that it is gone would have a
            // node thrown away that lost nothing.
            throw _unreadable ?? (Exception)new StorageRefusedException(
                "The file 'identity' is damaged in both its copies, so nothing says whose log this is. Restore the file, or give the node an empty directory: it then joins as a new node.");
        }

        bool isFirst = hasFirst && (!hasSecond || firstWrites > secondWrites);
        (_writes, Incarnation, NewestSegment) = isFirst ? (firstWrites, firstStarts, firstSegment) : (secondWrites, secondStarts, secondSegment);
        Salt = isFirst ? firstSalt : secondSalt;
        if (Incarnation > uint.MaxValue - 3)
        {
            throw new StorageRefusedException(
                $"The directory says that it was started {Incarnation} times, and there is no number for the next start. Give the node an empty directory: it then joins as a new node.");
        }

        Prove();
        if (!hasFirst || !hasSecond)
        {
            // The copy that can't be read may be the newer one by a start: count that too. It goes to the damaged place.
            Incarnation++;
        }
    }

    // The copy that counts may be a picture in the page cache of what is on no platter: its flush failed, or its process was killed
    // before. The other one is durable, and gives its place to a newer only when this one is too.
    private void Prove()
    {
        using IDiskFile file = _disk.Open(Path, DiskAccess.ReadWrite);
        Put(file);
        file.Flush();
    }

    private bool TryReadSlot(IDiskFile file, int at, out ulong writes, out uint starts, out ulong segment, out ulong salt)
    {
        (writes, starts, segment, salt) = (0, 0, 0, 0);
        Span<byte> bytes = stackalloc byte[Used];
        try
        {
            if (!file.TryReadFully(bytes, at) || !bytes[..8].SequenceEqual(Magic)
                || BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Crc32C.Of(bytes[..60]))
            {
                return false;
            }
        }
        catch (DiskException unreadable) when (unreadable.Error == DiskError.Failed)
        {
            _unreadable = unreadable;
            return false;
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        if (version > CurrentVersion)
        {
            throw new StorageRefusedException(
                $"The data directory was written in format {version}; this program knows formats up to {CurrentVersion}. Start it with a newer program.");
        }

        var cluster = new ClusterId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
        var node = new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        if (cluster != _options.Cluster || node != _options.Node)
        {
            throw new StorageRefusedException(
                $"The data directory belongs to node {node} of cluster {cluster}; this is node {_options.Node} of cluster {_options.Cluster}. Check the directory that was given.");
        }

        starts = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        salt = BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]);
        segment = BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]);
        writes = BinaryPrimitives.ReadUInt64LittleEndian(bytes[48..]);
        return writes < RecordHeader.NumberLimit && segment < RecordHeader.NumberLimit;
    }

    // In place, the older copy first overwritten: a start needs no space, and a torn write costs the older copy at most. Both copies
    // get it: should the disk lose one of the two writes, the other still has the number.
    private void Count()
    {
        Incarnation++;
        WriteBoth();
    }

    private void WriteBoth()
    {
        using IDiskFile file = _disk.Open(Path, DiskAccess.ReadWrite);
        for (int copies = 0; copies < 2; copies++)
        {
            WriteSlot(file);
            if (!Planted.IdentityNotFlushed)
            {
                file.Flush();
            }
        }
    }

    private void Found()
    {
        (Incarnation, Salt) = (1, _options.Salt);
        if (_disk.FileExists(NewPath))
        {
            _disk.Delete(NewPath);
        }

        using (IDiskFile file = _disk.Open(NewPath, DiskAccess.Create))
        {
            file.SetLength(2 * SlotSize);
            WriteSlot(file);
            WriteSlot(file);
            file.Flush();
        }

        _disk.Rename(NewPath, Path);
        _disk.FlushDirectory("");
    }

    private void WriteSlot(IDiskFile file)
    {
        _writes++;
        Put(file);
    }

    private void Put(IDiskFile file)
    {
        Span<byte> bytes = stackalloc byte[Used];
        bytes.Clear();
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], CurrentVersion);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], _options.Cluster.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], _options.Node.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], Incarnation);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], NewestSegment);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[48..], _writes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[60..], Crc32C.Of(bytes[..60]));
        file.Write(bytes, (long)(_writes % 2) * SlotSize);
    }
}
