using System.Buffers;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>One core message that a peer has sent, with its entries. Pooled: whoever has it releases it once.</summary>
/// <remarks>One owner at a time, on any thread. After <see cref="Release"/> neither it nor a payload may be touched.</remarks>
public sealed class PeerMessage
{
    // A message keeps a table of this many entries for its next use; larger ones go back to where they are from. The shared pool alone keeps
    // fewer arrays of one size than a batch has messages.
    private const int EntriesKept = 32;

    private readonly BlockPool _pool;
    private WireEntry[] _own = [];
    private WireEntry[] _entries = [];
    private int _count;
    private Block? _block;
    private Message _message;
    private bool _isOut;

    internal PeerMessage(BlockPool pool) => _pool = pool;

    /// <summary>The group whose message it is.</summary>
    public GroupId Group { get; internal set; }

    /// <summary>The message, with sender, receiver and cluster filled in from the connection's hello.</summary>
    public ref readonly Message Message => ref _message;

    /// <summary>The entries of its range, as many as <see cref="Message.EntryCount"/> of an append; else none.</summary>
    public ReadOnlySpan<WireEntry> Entries => _entries.AsSpan(0, _count);

    /// <summary>Gives the message and the memory of its payloads back.</summary>
    /// <exception cref="InvariantViolationException">It was released before.</exception>
    public void Release()
    {
        Invariant.Check(_isOut);
        _isOut = false;
        Block? block = _block;
        _block = null;
        _message = default;
        _entries.AsSpan(0, _count).Clear();
        if (_entries.Length > EntriesKept)
        {
            ArrayPool<WireEntry>.Shared.Return(_entries);
        }

        (_entries, _count) = ([], 0);
        block?.Release();
        _pool.Return(this);
    }

    internal void Begin(Block block)
    {
        Invariant.Check(!_isOut);
        (_isOut, _block) = (true, block);
        block.Hold();
    }

    internal void Reserve(int count)
    {
        if (count > EntriesKept)
        {
            _entries = ArrayPool<WireEntry>.Shared.Rent(count);
        }
        else if (count > 0)
        {
            _own = _own.Length == 0 ? new WireEntry[EntriesKept] : _own;
            _entries = _own;
        }
    }

    internal void Add(in WireEntry entry) => _entries[_count++] = entry;

    /// <summary>Ends the decoding. What has no payload doesn't keep its block.</summary>
    internal void Take(in Message message)
    {
        _message = message;
        if (_count == 0)
        {
            _block?.Release();
            _block = null;
        }
    }
}
