using System.Runtime.InteropServices;
using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <content>Messages on their way out, with entries from memory or from the log.</content>
internal sealed partial class GroupActor
{
    private readonly List<StoredEntry> _toSend = [];
    private readonly List<Message> _unsent = [];
    private readonly HashSet<NodeId> _loading = [];

    private void Send(in Message message, Instant now)
    {
        if (message.Kind != MessageKind.AppendEntries)
        {
            _services.Peers.Send(_id, message, default);
        }
        else if (_loading.Contains(message.To))
        {
            // Behind what is being read for that follower: ahead of it, it would be refused for the gap.
            _unsent.Add(message);
        }
        else
        {
            SendAppend(message, now);
        }
    }

    private void SendAppend(in Message order, Instant now)
    {
        if (order.EntryCount == 0)
        {
            _services.Peers.Send(_id, order, default);
        }
        else if (order.Previous.Index >= _tail.Start)
        {
            _toSend.Clear();
            long bytes = 0;
            for (LogIndex index = order.Previous.Index.Next; index <= order.Last && _tail.TryGet(index, out StoredEntry entry); index = index.Next)
            {
                if (order.HostClips && _toSend.Count > 0 && bytes + entry.Payload.Length > order.Bytes)
                {
                    break;
                }

                bytes += entry.Payload.Length;
                _toSend.Add(entry);
            }

            SendWith(order, CollectionsMarshal.AsSpan(_toSend), now);
        }
        else
        {
            Load(order, order.Previous.Index.Next, order.Last);
        }
    }

    // While bytes were loaded the suffix may have been replaced: what isn't the entry of the order isn't sent (bug museum, group D).
    private void SendWith(in Message order, ReadOnlySpan<StoredEntry> entries, Instant now)
    {
        int count = 0;
        long bytes = 0;
        LogIndex expected = order.Previous.Index.Next;
        while (count < entries.Length && expected <= order.Last)
        {
            if (entries[count].Id != new EntryId(order.EntriesTerm, expected))
            {
                break;
            }

            bytes += entries[count].Payload.Length;
            expected = expected.Next;
            count++;
        }

        bool isWhole = count > 0 && entries[count - 1].Id.Index == order.Last;
        bool isSendable = count > 0 && _core.Role == Role.Leader && order.Term == _core.Term && (isWhole || order.HostClips);
        if (isSendable)
        {
            LogIndex last = entries[count - 1].Id.Index;
            Message message = order.HostClips ? order.ClippedTo(last, bytes) : order;
            ReadOnlySpan<StoredEntry> sent = order.HeadersOnly ? WithoutPayloads(entries[..count]) : entries[..count];
            _services.Peers.Send(_id, message, sent);
        }

        if (order.HostClips)
        {
            _core.ReportSent(order.To, order.Sequence, isSendable ? entries[count - 1].Id.Index : order.Previous.Index, isSendable ? bytes : 0, now);
        }
    }

    private ReadOnlySpan<StoredEntry> WithoutPayloads(ReadOnlySpan<StoredEntry> entries)
    {
        if (!Overlaps(entries))
        {
            _toSend.Clear();
            _toSend.AddRange(entries);
        }

        Span<StoredEntry> stripped = CollectionsMarshal.AsSpan(_toSend)[..entries.Length];
        foreach (ref StoredEntry entry in stripped)
        {
            if (entry.Kind == EntryKind.Command)
            {
                entry = entry with { Payload = default, IsHeaderOnly = true };
            }
        }

        return stripped;
    }

    private bool Overlaps(ReadOnlySpan<StoredEntry> entries) => CollectionsMarshal.AsSpan(_toSend).Overlaps(entries);

    private void Load(Message? order, LogIndex first, LogIndex last)
    {
        EntryLoad load = _services.Loads.Rent();
        (load.Order, load.First, load.Last) = (order, first, last);
        if (order is { } append)
        {
            _loading.Add(append.To);
        }

        _services.Lane.Post(() =>
        {
            load.Outcome = _services.Log.Read(_id, load.First, load.Last, load.Buffer);
            lock (_gate)
            {
                _incoming.Loaded.Add(load);
            }

            Ask();
        });
    }

    private void TakeLoaded(Instant now)
    {
        foreach (EntryLoad load in _inputs.Loaded)
        {
            if (load.Order is { } order)
            {
                _loading.Remove(order.To);
                SendWith(order, EntriesOf(load), now);
                SendUnsent(order.To, now);
            }
            else
            {
                _isReplaying = false;
                ApplyLoaded(load);
                continue;
            }

            _services.Loads.Return(load);
        }
    }

    private ReadOnlySpan<StoredEntry> EntriesOf(EntryLoad load)
    {
        if (load.Outcome == LogReadOutcome.Damaged)
        {
            // Rot under a running node. Who reads it knows nothing of what else is gone.
            _services.Failure.ReportDamage(_id, load.First, load.Last);
            return default;
        }

        _toSend.Clear();
        _toSend.AddRange(load.Buffer.Entries);

        // What the log had not staged yet when it was read is here. Without it a range that is asked for whole would never go.
        for (LogIndex next = load.First + (ulong)_toSend.Count; next <= load.Last && _tail.TryGet(next, out StoredEntry entry); next = next.Next)
        {
            _toSend.Add(entry);
        }

        return CollectionsMarshal.AsSpan(_toSend);
    }

    private void SendUnsent(NodeId to, Instant now)
    {
        for (int i = 0; i < _unsent.Count && !_loading.Contains(to);)
        {
            if (_unsent[i].To == to)
            {
                Message next = _unsent[i];
                _unsent.RemoveAt(i);
                SendAppend(next, now);
            }
            else
            {
                i++;
            }
        }
    }
}
