namespace Graft.Storage;

/// <summary>A piece of the log's end: where batches are encoded, what is written to disk, and what readers find in memory after it.</summary>
internal sealed class TailBlock(int size)
{
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(size, pinned: true);

    internal int Size => _bytes.Length;

    internal int Used { get; set; }

    internal int Room => _bytes.Length - Used;

    internal ulong Segment { get; private set; }

    /// <summary>Where in the segment the block's first byte lies.</summary>
    internal long Base { get; private set; }

    internal void Begin(ulong segment, long at) => (Segment, Base, Used) = (segment, at, 0);

    internal bool Holds(ulong segment, long offset) => segment == Segment && offset >= Base && offset < Base + Used;

    internal Span<byte> At(int position) => _bytes.AsSpan(position);

    internal ReadOnlyMemory<byte> Memory(int position, int length) => _bytes.AsMemory(position, length);

    internal ReadOnlySpan<byte> From(long offset) => _bytes.AsSpan((int)(offset - Base), Used - (int)(offset - Base));
}
