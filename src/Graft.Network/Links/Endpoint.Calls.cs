using Graft.Consensus;

namespace Graft.Network;

// Calls to other nodes: one connection to each, opened when it is first needed.
public sealed partial class Endpoint
{
    private readonly Lock _callGate = new();
    private readonly SortedDictionary<NodeId, Task<CallConnection>> _calls = [];

    /// <summary>Makes a call to a node, over a connection that all such calls share.</summary>
    /// <inheritdoc cref="CallConnection.CallAsync(ushort, GroupId, ReadOnlyMemory{byte}, TimeSpan, byte, Action{ReadOnlyMemory{byte}}, CancellationToken)"/>
    /// <param name="node">Whom. <see cref="SetAddress"/> has said where it is.</param>
    /// <param name="method">What is asked; the host's numbers.</param>
    /// <param name="group">Of which group.</param>
    /// <param name="body">At most <see cref="WireLimits.CallBodyBytesMax"/> bytes.</param>
    /// <param name="timeout">For the whole call, connecting included.</param>
    /// <param name="hops">How often the request has been passed on, this time included.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async ValueTask<CallReply> CallAsync(
        NodeId node, ushort method, GroupId group, ReadOnlyMemory<byte> body, TimeSpan timeout, byte hops, CancellationToken cancellation)
    {
        long began = Time.GetTimestamp();
        CallConnection connection;
        try
        {
            connection = await GetCallsAsync(node).WaitAsync(timeout, Time, cancellation);
        }
        catch (Exception exception) when (exception is IOException or TimeoutException or InvalidOperationException)
        {
            throw new CallNotSentException($"{node} can't be called. {exception.Message}");
        }

        TimeSpan left = timeout - Time.GetElapsedTime(began);
        return left > TimeSpan.Zero
            ? await connection.CallAsync(method, group, body, left, hops, onItem: null, cancellation)
            : throw new CallNotSentException($"{node} answered the hello too late for the call.");
    }

    // One attempt at a time: whoever calls meanwhile waits for the same one.
    private Task<CallConnection> GetCallsAsync(NodeId node)
    {
        lock (_callGate)
        {
            bool isUsable = _calls.TryGetValue(node, out Task<CallConnection>? known)
                && (!known.IsCompleted || (known.IsCompletedSuccessfully && IsOpen(known)));
            if (!isUsable)
            {
                known = OpenCallsAsync(node);
                _calls[node] = known;
            }

            return known!;
        }
    }

#pragma warning disable VSTHRD002 // It has completed.
    private static bool IsOpen(Task<CallConnection> opened) => opened.Result.WhyClosed is null;
#pragma warning restore VSTHRD002

    private async Task<CallConnection> OpenCallsAsync(NodeId node)
    {
        NodeAddress address = LinkTo(node)?.Address ?? throw new InvalidOperationException($"Nobody has said where {node} is.");
        var options = new CallConnectionOptions
        {
            Cluster = Host.Cluster,
            Node = Options.Node,
            Incarnation = Options.Incarnation,
            Expected = node,
            Advertised = Advertised,
            ConnectTimeout = Options.ConnectTimeout,
            HelloTimeout = Options.HelloTimeout,
            PingInterval = Options.PingInterval,
            SilenceMax = Options.SilenceMax,
            QueuedBytesMax = Options.QueuedBytesMax,
        };
        return await CallConnection.OpenAsync(options, Network, address, Time, _stopping.Token);
    }

    private void ForgetCalls(NodeId node)
    {
        lock (_callGate)
        {
            if (_calls.Remove(node, out Task<CallConnection>? opened))
            {
                _ended.Add(CloseAsync(opened));
            }
        }
    }

    private async Task DisposeCallsAsync()
    {
        Task<CallConnection>[] all;
        lock (_callGate)
        {
            all = [.. _calls.Values];
            _calls.Clear();
        }

        foreach (Task<CallConnection> opened in all)
        {
            await CloseAsync(opened);
        }
    }

    private static async Task CloseAsync(Task<CallConnection> opened)
    {
        try
        {
            CallConnection connection = await opened;
            await connection.DisposeAsync();
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            // It never opened; whoever asked for it has been told.
        }
    }
}
