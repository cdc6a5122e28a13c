using Graft.Consensus;

namespace Graft.Network;

// Calls to other nodes: one connection to each, opened when it is first needed.
public sealed partial class Endpoint
{
    private readonly Lock _callGate = new();
    private readonly SortedDictionary<NodeId, CallLine> _calls = [];

    /// <summary>Makes a call to a node, over a connection that all such calls share.</summary>
    /// <inheritdoc cref="CallConnection.CallAsync(ushort, GroupId, ReadOnlyMemory{byte}, TimeSpan, byte, Action{ReadOnlyMemory{byte}}, CancellationToken)"/>
    /// <param name="node">Whom. <see cref="SetAddress"/> or <see cref="FindAddress"/> says where it is; if neither does, the call isn't sent.</param>
    /// <param name="method">What is asked; the host's numbers.</param>
    /// <param name="group">Of which group.</param>
    /// <param name="body">At most <see cref="WireLimits.CallBodyBytesMax"/> bytes.</param>
    /// <param name="timeout">For the whole call, connecting included.</param>
    /// <param name="hops">How often the request has been passed on, this time included.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public ValueTask<CallReply> CallAsync(
        NodeId node, ushort method, GroupId group, ReadOnlyMemory<byte> body, TimeSpan timeout, byte hops, CancellationToken cancellation) =>
        LineTo(node).CallAsync(method, group, body, timeout, hops, cancellation);

    private CallLine LineTo(NodeId node)
    {
        lock (_callGate)
        {
            if (!_calls.TryGetValue(node, out CallLine? line))
            {
                line = new CallLine(() => OpenCallsAsync(node), node.ToString(), Time);
                _calls.Add(node, line);
            }

            return line;
        }
    }

    private async Task<CallConnection> OpenCallsAsync(NodeId node)
    {
        NodeAddress address = FindPeer(node)?.Address ?? FindAddress?.Invoke(node) ?? throw new IOException($"Nobody has said where {node} is.");
        var options = new CallConnectionOptions
        {
            Cluster = Host.Cluster,
            Node = Options.Node,
            Incarnation = Options.Incarnation,
            Expected = node,
            Advertised = Advertised,
            Epoch = Host.Epoch,
            ConnectTimeout = Options.ConnectTimeout,
            HelloTimeout = Options.HelloTimeout,
            PingInterval = Options.PingInterval,
            SilenceMax = Options.SilenceMax,
            QueuedBytesMax = Options.QueuedBytesMax,
        };
        return await CallConnection.OpenAsync(options, Network, address, Time, _stopping.Token);
    }

    private Task ForgetCallsAsync(NodeId node)
    {
        CallLine? line;
        lock (_callGate)
        {
            _calls.Remove(node, out line);
        }

        return line?.DisposeAsync().AsTask() ?? Task.CompletedTask;
    }

    private async Task DisposeCallsAsync()
    {
        CallLine[] all;
        lock (_callGate)
        {
            all = [.. _calls.Values];
            _calls.Clear();
        }

        foreach (CallLine line in all)
        {
            await line.DisposeAsync();
        }
    }
}
