using Graft.Network;

namespace Graft.NodeProcess;

/// <summary>One connection to each of some nodes, for all who share this; opened when it's wanted and again when it was lost.</summary>
internal sealed class NodeConnections(IReadOnlyList<NodeAddress> addresses) : IAsyncDisposable
{
    private static readonly CallConnectionOptions Options = new() { ConnectTimeout = TimeSpan.FromSeconds(1), HelloTimeout = TimeSpan.FromSeconds(1) };

    private readonly SocketNetwork _network = new();
    private readonly SemaphoreSlim[] _gates = [.. addresses.Select(static _ => new SemaphoreSlim(1))];
    private readonly CallConnection?[] _connections = new CallConnection?[addresses.Count];

    internal int Count => addresses.Count;

    /// <summary>A connection that is up, as far as anybody knows.</summary>
    /// <exception cref="IOException">The node can't be reached now.</exception>
    internal ValueTask<CallConnection> GetAsync(int node, CancellationToken cancellation) =>
        Volatile.Read(ref _connections[node]) is { WhyClosed: null } up ? ValueTask.FromResult(up) : OpenAsync(node, cancellation);

    /// <summary>Asks one node, and no other, for what it says of itself.</summary>
    /// <exception cref="IOException">It doesn't say.</exception>
    internal async Task<NodeFigures> FiguresAsync(int node, CancellationToken cancellation = default)
    {
        CallConnection connection = await GetAsync(node, cancellation);
        byte[] body = new ReadCall(ReadConsistency.Local, LedgerQuery.Figures).Encode();
        CallReply reply = await connection.CallAsync(CallMethod.Read, GraftNode.DefaultGroup, body, TimeSpan.FromSeconds(2), cancellation);
        return reply.Status == ReplyStatus.Done && ReadReply.TryRead(reply.Body, out QueryResult result) && NodeFigures.TryDecode(result.Answer.Span, out NodeFigures figures)
            ? figures
            : throw new IOException($"{connection.Address} doesn't tell its figures (status {reply.Status:x}).");
    }

    /// <summary>Gives up a connection that answers nothing: whoever uses it learns so.</summary>
    internal async ValueTask DropAsync(int node, CallConnection connection)
    {
        if (Interlocked.CompareExchange(ref _connections[node], null, connection) == connection)
        {
            await connection.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (int i = 0; i < _connections.Length; i++)
        {
            if (_connections[i] is { } connection)
            {
                await connection.DisposeAsync();
            }

            _gates[i].Dispose();
        }
    }

    private async ValueTask<CallConnection> OpenAsync(int node, CancellationToken cancellation)
    {
        await _gates[node].WaitAsync(cancellation);
        try
        {
            if (_connections[node] is { } connection)
            {
                if (connection.WhyClosed is null)
                {
                    return connection;
                }

                await DropAsync(node, connection);
            }

            CallConnection opened = await CallConnection.OpenAsync(Options, _network, addresses[node], TimeProvider.System, cancellation);
            Volatile.Write(ref _connections[node], opened);
            return opened;
        }
        finally
        {
            _gates[node].Release();
        }
    }
}
