using System.Buffers;

namespace Graft;

/// <summary>Bytes that several entries share. Given back when the last of them is let go.</summary>
/// <remarks>Counted by the one actor that owns the entries, hence without interlocking.</remarks>
internal sealed class PayloadBlock : IEntryOwner
{
    private static readonly byte[] Empty = [];

    private readonly Stack<PayloadBlock> _pool;
    private byte[] _bytes = Empty;
    private int _used;

    private PayloadBlock(Stack<PayloadBlock> pool) => _pool = pool;

    /// <summary>Takes a block with room for <paramref name="bytes"/>; the pool is the actor's own.</summary>
    internal static PayloadBlock Rent(Stack<PayloadBlock> pool, int bytes)
    {
        PayloadBlock block = pool.TryPop(out PayloadBlock? used) ? used : new PayloadBlock(pool);
        block._bytes = bytes == 0 ? Empty : ArrayPool<byte>.Shared.Rent(bytes);
        block._used = 0;
        return block;
    }

    /// <summary>The next part of the block.</summary>
    internal Memory<byte> Take(int bytes)
    {
        Memory<byte> part = _bytes.AsMemory(_used, bytes);
        _used += bytes;
        return part;
    }

    public void Release()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = Empty;
        }

        _pool.Push(this);
    }
}
