using System.Buffers;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>The body of one received frame, shared by the messages in it, and given back when the last of them lets go.</summary>
internal sealed class Block
{
    private readonly BlockPool _pool;
    private byte[] _bytes = [];
    private int _length;
    private int _holders;

    internal Block(BlockPool pool) => _pool = pool;

    internal Memory<byte> Memory => _bytes.AsMemory(0, _length);

    internal int Length => _length;

    internal void Open(int length)
    {
        _bytes = ArrayPool<byte>.Shared.Rent(length);
        _length = length;
        _holders = 1;
    }

    internal void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>From any thread.</summary>
    internal void Release()
    {
        int left = Interlocked.Decrement(ref _holders);
        Invariant.Check(left >= 0);
        if (left == 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
            _pool.Return(this);
        }
    }
}
