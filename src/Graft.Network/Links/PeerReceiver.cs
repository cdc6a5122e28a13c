using System.Buffers;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>The accepting side of a peer connection: takes batches in and answers pings.</summary>
internal sealed class PeerReceiver
{
    private readonly Endpoint _endpoint;
    private readonly IConnection _connection;
    private readonly MessageEnds _ends;
    private readonly List<PeerMessage> _decoded = [];
    private readonly Lock _gate = new();
    private readonly byte[] _pong = new byte[PongBody.Size];
    private long _heardAt;
    private bool _isRetired;

    internal PeerReceiver(Endpoint endpoint, IConnection connection, Hello hello)
    {
        (_endpoint, _connection) = (endpoint, connection);
        _heardAt = endpoint.Time.GetTimestamp();
        _ends = new MessageEnds(hello.Cluster, hello.Node!.Value, endpoint.Options.Node, hello.Incarnation);
    }

    /// <summary>When the last bytes came, as a timestamp.</summary>
    internal long HeardAt => Volatile.Read(ref _heardAt);

    internal Incarnation Incarnation => _ends.FromIncarnation;

    internal bool Serves(IConnection connection) => ReferenceEquals(connection, _connection);

    internal bool IsRetired
    {
        get
        {
            lock (_gate)
            {
                return _isRetired;
            }
        }
    }

    /// <summary>Lets nothing more of this connection through: when this returns, the last message has been delivered.</summary>
    internal void Retire()
    {
        lock (_gate)
        {
            _isRetired = true;
        }

        _connection.Abort();
    }

    /// <returns>Why it ended, or null if the peer closed it in order.</returns>
    internal async Task<string?> RunAsync(FrameReader reader)
    {
        using var watch = new ConnectionWatch(_endpoint.Time, _connection, _endpoint.Options.SilenceMax);
        string? error = null;
        reader.OnBytes = () =>
        {
            watch.Touch();
            Volatile.Write(ref _heardAt, _endpoint.Time.GetTimestamp());
        };
        while (error is null && await reader.MoveNextAsync())
        {
            switch (reader.Header.Type)
            {
                case FrameType.Ping:
                    error = await AnswerAsync(reader.Header.Id);
                    break;
                case FrameType.Batch:
                    error = TakeBatch(reader.Body);
                    break;
                default:
                    error = $"It sent a frame of type {reader.Header.Type} on a peer connection.";
                    break;
            }
        }

        return watch.HasExpired ? $"Nothing was heard for {_endpoint.Options.SilenceMax.TotalSeconds:0.###} s." : error ?? reader.Error;
    }

    private async ValueTask<string?> AnswerAsync(ulong ping)
    {
        try
        {
            PongBody.Write(_pong, _endpoint.Time.GetUtcNow());
            await Dialer.WriteFrameAsync(_connection.Output, FrameType.Pong, ping, _pong);
            return null;
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            return exception.Message;
        }
    }

    // A batch is read as a whole before the first message of it is delivered: what is malformed changes nothing.
    private string? TakeBatch(in ReadOnlySequence<byte> body)
    {
        if (body.IsEmpty)
        {
            return null;
        }

        Block block = _endpoint.Pool.Open((int)body.Length);
        body.CopyTo(block.Memory.Span);
        bool isSound = TryDecode(block, _ends, _endpoint.Pool, _decoded);
        if (isSound)
        {
            Deliver();
        }
        else
        {
            ReleaseAll();
        }

        block.Release();
        return isSound ? null : "It sent a batch whose messages can't be read.";
    }

    /// <summary>Decodes all messages of a batch. Never throws, whatever the bytes; what was decoded before the fault is in the list too.</summary>
    internal static bool TryDecode(Block block, in MessageEnds ends, BlockPool pool, List<PeerMessage> into)
    {
        var reader = new WireReader(block.Memory.Span);
        while (reader.Remaining > 0 && !reader.HasFailed && into.Count < WireLimits.MessagesMax)
        {
            PeerMessage message = pool.RentMessage();
            message.Begin(block);
            into.Add(message);
            MessageCodec.Read(ref reader, block.Memory, ends, message);
        }

        return !reader.HasFailed && reader.Remaining == 0;
    }

    private void Deliver()
    {
        bool isFull = _endpoint.Pool.HeldBytes > _endpoint.Options.ReceivedBytesMax;
        lock (_gate)
        {
            foreach (PeerMessage message in _decoded)
            {
                if (_isRetired)
                {
                    message.Release();
                }
                else if (isFull && message.Entries.Length > 0)
                {
                    message.Release();
                    _endpoint.Host.Happened(new NetworkEvent(
                        NetworkEventKind.AppendDropped, _connection.RemoteName, _ends.From, "More entries are waiting than may be held."));
                }
                else
                {
                    _endpoint.Host.Received(message);
                }
            }
        }

        _decoded.Clear();
    }

    private void ReleaseAll()
    {
        foreach (PeerMessage message in _decoded)
        {
            message.Release();
        }

        _decoded.Clear();
    }
}
