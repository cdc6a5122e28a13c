namespace Graft.Network;

/// <summary>Blocks and messages for reuse, and the count of bytes that the host still holds.</summary>
internal sealed class BlockPool
{
    // More than a host holds at once in ordinary work; what is above is left to the collector.
    private const int KeptMax = 4096;

    private readonly Lock _gate = new();
    private readonly Stack<Block> _blocks = [];
    private readonly Stack<PeerMessage> _messages = [];
    private long _heldBytes;

    /// <summary>Bytes of blocks that are open.</summary>
    internal long HeldBytes => Interlocked.Read(ref _heldBytes);

    internal Block Open(int length)
    {
        Block? block;
        lock (_gate)
        {
            _blocks.TryPop(out block);
        }

        block ??= new Block(this);
        block.Open(length);
        Interlocked.Add(ref _heldBytes, length);
        return block;
    }

    internal void Return(Block block)
    {
        Interlocked.Add(ref _heldBytes, -block.Length);
        lock (_gate)
        {
            if (_blocks.Count < KeptMax)
            {
                _blocks.Push(block);
            }
        }
    }

    internal PeerMessage RentMessage()
    {
        PeerMessage? message;
        lock (_gate)
        {
            _messages.TryPop(out message);
        }

        return message ?? new PeerMessage(this);
    }

    internal void Return(PeerMessage message)
    {
        lock (_gate)
        {
            if (_messages.Count < KeptMax)
            {
                _messages.Push(message);
            }
        }
    }
}
