using System.Buffers;
using System.Collections.Concurrent;
using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft;

/// <summary>A message as it came over the wire, its entries checked at the door.</summary>
internal sealed class WireMessage : ReceivedMessage
{
    private const int Kept = 1024;

    // A message keeps a table of this many entries for its next use; larger ones go back to where they are from. Kept as well, a thousand
    // of the largest append's would be hundreds of megabytes.
    private const int EntriesKept = 32;

    private readonly ConcurrentQueue<WireMessage> _pool;
    private PeerMessage? _source;
    private StoredEntry[] _own = [];
    private StoredEntry[] _entries = [];
    private int _count;

    private WireMessage(ConcurrentQueue<WireMessage> pool) => _pool = pool;

    internal override ReadOnlySpan<StoredEntry> Entries => _entries.AsSpan(0, _count);

    /// <summary>Takes a message over from the network.</summary>
    /// <param name="source">As it was decoded.</param>
    /// <param name="pool">Where it comes from and goes back to.</param>
    /// <param name="entryBytesMax">The largest entry that this node's log takes: one that a leader with other settings wrote is none of ours.</param>
    /// <returns>Null if an entry of it isn't what its leader wrote, or too large. Then all of it is dropped, as if it had been lost on the way.</returns>
    internal static WireMessage? Take(PeerMessage source, ConcurrentQueue<WireMessage> pool, int entryBytesMax)
    {
        if (!pool.TryDequeue(out WireMessage? message))
        {
            message = new WireMessage(pool);
        }

        message._source = source;
        message.Message = source.Message;
        ReadOnlySpan<WireEntry> entries = source.Entries;
        message.Reserve(entries.Length);
        LogIndex index = source.Message.Previous.Index;
        for (int i = 0; i < entries.Length; i++)
        {
            index = index.Next;
            ref readonly WireEntry entry = ref entries[i];
            var stored = new StoredEntry(
                new EntryId(source.Message.EntriesTerm, index), (EntryKind)entry.Kind, entry.Payload, entry.Checksum, entry.IsHeaderOnly);
            if (!stored.IsIntact || stored.Payload.Length > entryBytesMax)
            {
                message.Release();
                return null;
            }

            message._entries[i] = stored;
        }

        return message;
    }

    public override void Release()
    {
        _source?.Release();
        _source = null;
        _entries.AsSpan(0, _count).Clear();
        if (_count > EntriesKept)
        {
            ArrayPool<StoredEntry>.Shared.Return(_entries);
        }

        (_entries, _count) = ([], 0);
        if (_pool.Count < Kept)
        {
            _pool.Enqueue(this);
        }
    }

    private void Reserve(int count)
    {
        _count = count;
        if (count > EntriesKept)
        {
            _entries = ArrayPool<StoredEntry>.Shared.Rent(count);
            return;
        }

        if (count > _own.Length)
        {
            _own = new StoredEntry[EntriesKept];
        }

        _entries = _own;
    }
}
