using System.Globalization;

namespace Graft.Storage;

/// <summary>Segments to be: files of the right size that have been written once, so that a flush into them needs no new blocks.</summary>
internal sealed class SparePool(IDisk disk, string directory, long segmentBytes)
{
    // Enough to show progress to whoever waits behind it, and to use the disk well.
    private const int Step = 1 << 20;

    private const string Prefix = "spare-";

    // Nobody writes to them, and one set does for all logs of a process.
    private static readonly byte[] Zeros = GC.AllocateArray<byte>(Step, pinned: true);

    private readonly Queue<string> _ready = new();
    private (string Path, IDiskFile File, long Zeroed)? _growing;
    private ulong _nextName = 1;

    // At first too: what an earlier process renamed may be in the page cache alone.
    private bool _isRenamed = true;

    internal int Count => _ready.Count;

    /// <summary>Whether there was no room for another one when last tried.</summary>
    internal bool IsFull { get; private set; }

    /// <summary>Takes over what an earlier process left: whole files are spares, the others raw material.</summary>
    /// <returns>The number that it had as a segment, and that may be in its records; 0 if it had none.</returns>
    internal ulong Adopt(string name)
    {
        string path = $"{directory}/{name}";
        if (ulong.TryParse(name.AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number)
            && number >= _nextName && number < RecordHeader.NumberLimit)
        {
            _nextName = number + 1;
        }

        using IDiskFile file = disk.Open(path, DiskAccess.Read);
        if (file.Length == segmentBytes && TryReadNumber(file, out ulong had))
        {
            _ready.Enqueue(path);
            return had;
        }

        disk.Delete(path);
        return 0;
    }

    // False if the disk can't read it: what is unreadable in a segment is damage, and this would become one.
    private static bool TryReadNumber(IDiskFile file, out ulong number)
    {
        number = 0;
        Span<byte> block = stackalloc byte[64];
        try
        {
            if (file.TryReadFully(block, 0) && SegmentHeader.TryRead(block, out SegmentHeader header) && header.Number < RecordHeader.NumberLimit)
            {
                number = header.Number;
            }

            return true;
        }
        catch (DiskException unreadable) when (unreadable.Error == DiskError.Failed)
        {
            return false;
        }
    }

    internal static bool IsSpare(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Zeroes a part of the next spare, if fewer than wanted are ready.</summary>
    /// <returns>Whether there is more to do and room to do it in.</returns>
    internal bool Prepare(int wanted)
    {
        if (_ready.Count >= wanted)
        {
            return false;
        }

        try
        {
            Grow();
            IsFull = false;
            return true;
        }
        catch (DiskException full) when (full.Error == DiskError.NoSpace)
        {
            if (Planted.NoSpaceSwallowed && _growing is { } growing)
            {
                // As if it had been written to its end.
                _growing = null;
                growing.File.Dispose();
                _ready.Enqueue(growing.Path);
                return true;
            }

            Abandon();
            IsFull = true;
            return false;
        }
    }

    /// <summary>Makes a spare now.</summary>
    /// <returns>False if the disk is full; what was written for it is given back.</returns>
    internal bool TryMake()
    {
        int before = _ready.Count;
        while (_ready.Count == before)
        {
            if (!Prepare(before + 1))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Turns a spare into a segment: header first, then its name, both durable.</summary>
    internal IDiskFile Take(SegmentHeader header, string path)
    {
        if (_isRenamed)
        {
            // Were its old name to outlive a crash beside its next one, two segments would be one file.
            disk.FlushDirectory(directory);
            _isRenamed = false;
        }

        string spare = _ready.Dequeue();
        IDiskFile file = disk.Open(spare, DiskAccess.ReadWrite);
        try
        {
            Span<byte> block = stackalloc byte[SegmentHeader.Size];
            header.Write(block);
            file.Write(block, 0);
            file.Flush();

            disk.Rename(spare, path);
            if (!Planted.SegmentNameNotFlushed)
            {
                disk.FlushDirectory(directory);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A retired segment becomes a spare, or goes if there are enough, if it has another size, or sectors that can't be read.</summary>
    internal void Recycle(string path, bool hasBadSectors)
    {
        if (_ready.Count >= 3 || hasBadSectors || SizeOf(path) != segmentBytes)
        {
            disk.Delete(path);
            return;
        }

        string spare = NextName();
        disk.Rename(path, spare);
        _isRenamed = true;
        _ready.Enqueue(spare);
    }

    // A start with other settings keeps the segments that it finds. As a spare, a smaller one would grow in the middle of a batch.
    private long SizeOf(string path)
    {
        using IDiskFile file = disk.Open(path, DiskAccess.Read);
        return file.Length;
    }

    private void Grow()
    {
        if (_growing is null)
        {
            string path = NextName();
            _growing = (path, disk.Open(path, DiskAccess.Create), 0);
        }

        (string name, IDiskFile file, long zeroed) = _growing.Value;
        int count = (int)Math.Min(Step, segmentBytes - zeroed);
        file.Write(Zeros.AsSpan(0, count), zeroed);
        file.Flush();
        _growing = (name, file, zeroed + count);
        if (zeroed + count == segmentBytes)
        {
            file.Dispose();
            _growing = null;
            _ready.Enqueue(name);
        }
    }

    private void Abandon()
    {
        if (_growing is { } growing)
        {
            _growing = null;
            growing.File.Dispose();
            disk.Delete(growing.Path);
        }
    }

    private string NextName() => $"{directory}/{Prefix}{_nextName++:x16}";
}
