using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Where a reader's entries go: their bytes are copies, valid until the buffer is used again.</summary>
/// <remarks>Reused from read to read and not shared: one reader, one buffer (bug museum H17).</remarks>
public sealed class EntryBuffer
{
    private readonly List<StoredEntry> _entries = [];
    private byte[] _bytes;
    private int _used;

    /// <summary>An empty buffer. It grows with what is read into it.</summary>
    /// <param name="maxBytes">How many bytes of payload one read brings at most, above zero; one entry comes whatever its size.</param>
    /// <exception cref="ArgumentOutOfRangeException">It isn't above zero.</exception>
    public EntryBuffer(int maxBytes = 1 << 20)
        : this(maxBytes, readAhead: 64 << 10)
    {
    }

    /// <param name="maxBytes">How many bytes of payload one read brings at most; one entry comes whatever its size.</param>
    /// <param name="readAhead">How many bytes one call reads from the disk, unless a single entry needs more.</param>
    internal EntryBuffer(int maxBytes, int readAhead)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBytes);
        MaxBytes = maxBytes;
        _bytes = new byte[Math.Min(maxBytes, 64 << 10)];
        Window = new byte[readAhead];
    }

    /// <summary>How many bytes of payload one read brings at most.</summary>
    public int MaxBytes { get; }

    /// <summary>What was read, in order of index; empty before the first read.</summary>
    public IReadOnlyList<StoredEntry> Entries => _entries;

    internal byte[] Window { get; private set; }

    internal ulong WindowSegment { get; set; }

    internal long WindowAt { get; set; }

    internal int WindowLength { get; set; }

    internal int Used => _used;

    internal void Clear()
    {
        ClearEntries();
        WindowLength = 0;
    }

    /// <summary>Keeps what was read ahead: for a segment that nothing is written to any more.</summary>
    internal void ClearEntries()
    {
        _entries.Clear();
        _used = 0;
    }

    internal bool HasRoom(int bytes) => _entries.Count == 0 || _used + bytes <= MaxBytes;

    internal void Add(in RecordHeader header, ReadOnlySpan<byte> body)
    {
        if (_used + body.Length > _bytes.Length)
        {
            Grow(body.Length);
        }

        body.CopyTo(_bytes.AsSpan(_used));
        _entries.Add(new StoredEntry(
            EntryId.Of(header.Term, header.Index),
            (EntryKind)header.Kind,
            _bytes.AsMemory(_used, body.Length),
            header.BodyChecksum,
            (header.Flags & RecordFlags.HeadersOnly) != 0));
        _used += body.Length;
    }

    internal void GrowWindow(int size)
    {
        if (Window.Length < size)
        {
            Window = new byte[size];
        }

        WindowLength = 0;
    }

    private void Grow(int more)
    {
        byte[] before = _bytes;
        _bytes = new byte[Math.Max(before.Length * 2, _used + more)];
        before.AsSpan(0, _used).CopyTo(_bytes);
        int at = 0;
        for (int i = 0; i < _entries.Count; i++)
        {
            int length = _entries[i].Payload.Length;
            _entries[i] = _entries[i] with { Payload = _bytes.AsMemory(at, length) };
            at += length;
        }
    }
}
