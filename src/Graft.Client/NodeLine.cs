using Graft.Consensus;
using Graft.Network;

namespace Graft.Client;

/// <summary>The way to one node, and when it makes sense to try it.</summary>
/// <remarks>A seed is a line to whoever answers there, until it has answered.</remarks>
internal sealed class NodeLine : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Nodes _nodes;
    private readonly CallLine _line;
    private readonly BackOff _backOff;
    private readonly TimeProvider _time;
    private NodeId? _node;
    private NodeAddress _address;
    private NodeAddress? _other;
    private long _failedAt;
    private TimeSpan _pause;

    internal NodeLine(Nodes nodes, NodeId? node, NodeAddress address, BackOff backOff, TimeProvider time)
    {
        (_nodes, _node, _address, _backOff, _time) = (nodes, node, address, backOff, time);
        _line = new CallLine(OpenAsync, node?.ToString() ?? address.ToString(), time);
    }

    /// <summary>Who is there; null before anybody has answered.</summary>
    internal NodeId? Node
    {
        get
        {
            lock (_gate)
            {
                return _node;
            }
        }
    }

    internal NodeAddress Address
    {
        get
        {
            lock (_gate)
            {
                return _address;
            }
        }
    }

    /// <summary>A sentence with both ids if another cluster's node is there; null otherwise.</summary>
    internal string? Foreign { get; private set; }

    internal string Name => Node?.ToString() ?? Address.ToString();

    internal bool IsOpen => _line.IsOpen;

    /// <summary>How long to leave it alone, after attempts to connect that failed; zero if it may be tried.</summary>
    internal TimeSpan NotBefore
    {
        get
        {
            lock (_gate)
            {
                TimeSpan left = _pause - _time.GetElapsedTime(_failedAt);
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>The last attempt to connect came to nothing.</summary>
    internal bool HasFailed
    {
        get
        {
            lock (_gate)
            {
                return _pause > TimeSpan.Zero;
            }
        }
    }

    internal bool IsUsable => Foreign is null && (IsOpen || NotBefore == TimeSpan.Zero);

    /// <summary>The node says that it is reached elsewhere. What works is kept, and that is tried when it fails.</summary>
    internal void Suggest(NodeAddress address)
    {
        lock (_gate)
        {
            if (address != _address)
            {
                _other = address;
            }
        }
    }

    internal ValueTask<CallReply> CallAsync(
        ushort method, GroupId group, ReadOnlyMemory<byte> body, TimeSpan timeout, CancellationToken cancellation) =>
        _line.CallAsync(method, group, body, timeout, hops: 0, cancellation);

    public ValueTask DisposeAsync() => _line.DisposeAsync();

    private async Task<CallConnection> OpenAsync()
    {
        // Not under the line's lock: what follows takes others.
        await Task.Yield();
        try
        {
            CallConnection connection = await CallConnection.OpenAsync(
                new CallConnectionOptions { Cluster = _nodes.Cluster, Expected = Node }, _nodes.Network, Address, _time, CancellationToken.None);
            lock (_gate)
            {
                _node = connection.Server.Node;
            }

            if (_nodes.Answered(this, connection.Server) is { } foreign)
            {
                Foreign = foreign;
                await connection.DisposeAsync();
                throw new IOException(foreign);
            }

            lock (_gate)
            {
                _pause = TimeSpan.Zero;
                _backOff.Reset();
            }

            return connection;
        }
        catch (IOException failure)
        {
            Failed(failure);
            throw;
        }
    }

    private void Failed(IOException failure)
    {
        lock (_gate)
        {
            if (failure is HelloRefusedException { Refusal.Code: RefusalCode.OtherCluster })
            {
                Foreign = failure.Message;
            }

            (_failedAt, _pause) = (_time.GetTimestamp(), _nodes.Draw(_backOff));
            if (_other is { } other)
            {
                (_address, _other) = (other, _address);
            }
        }
    }
}
