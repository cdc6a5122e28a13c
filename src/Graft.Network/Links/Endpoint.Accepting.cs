using System.Buffers;
using Graft.Consensus;

namespace Graft.Network;

// The door: who comes in, and which loop serves them.
public sealed partial class Endpoint
{
    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);

    /// <summary>Takes a connection that another door has accepted: a web server that shares its port, say.</summary>
    /// <returns>A task that ends when the connection has been served to its end. The connection is disposed then.</returns>
    public Task AcceptAsync(IConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var served = new Served(connection);
        ulong number;
        lock (_gate)
        {
            number = ++_connections;
            if (!_isDisposed && _served.Count < Options.ConnectionsMax)
            {
                _served.Add(number, served);
            }
            else
            {
                number = 0;
            }
        }

        if (number == 0)
        {
            if (!_stopping.IsCancellationRequested)
            {
                Host.Happened(new NetworkEvent(
                    NetworkEventKind.TooManyConnections, connection.RemoteName, null, $"{Options.ConnectionsMax} connections are open; one more was closed."));
            }

            connection.Abort();
            return connection.DisposeAsync().AsTask();
        }

        Task task = ServeAsync(number, served);
        served.Task = task;
        return task;
    }

    // A node that runs out of handles once isn't deaf for ever after.
    private async Task AcceptAllAsync(IListener listener)
    {
        CancellationToken stopping = _stopping.Token;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                while (await listener.AcceptAsync(stopping) is { } connection)
                {
                    // Owned by _served: DisposeAsync awaits it.
                    _ = AcceptAsync(connection);
                }

                return;
            }
            catch (IOException exception)
            {
                Host.Happened(new NetworkEvent(NetworkEventKind.ListenerFailed, listener.Address.ToString(), null, exception.Message));
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await PauseAsync(stopping);
        }
    }

    private async Task PauseAsync(CancellationToken stopping)
    {
        try
        {
            await Task.Delay(AcceptPause, Time, stopping);
        }
        catch (OperationCanceledException)
        {
            // It stops; the loop looks.
        }
    }

    private async Task ServeAsync(ulong number, Served served)
    {
        IConnection connection = served.Connection;
        try
        {
            if (await GreetAsync(served) is var (hello, reader))
            {
                string? error = await ServeAsync(served, reader, hello);
                if (error is not null && !_stopping.IsCancellationRequested)
                {
                    Host.Happened(new NetworkEvent(NetworkEventKind.ConnectionBroken, connection.RemoteName, hello.Node, error));
                }
            }
        }
        catch (Exception exception) when (Report(exception))
        {
            // Never reached: the host has been told, and whoever disposes the endpoint is told too.
            throw;
        }
        finally
        {
            connection.Abort();
            await connection.DisposeAsync();
            lock (_gate)
            {
                _served.Remove(number);
            }
        }
    }

    private async Task<string?> ServeAsync(Served served, FrameReader reader, Hello hello) => hello.Kind switch
    {
        ConnectionKind.Peer => await ReceiveAsync(served, reader, hello),
        ConnectionKind.Call => await new CallServer(this, served.Connection, hello).RunAsync(reader),
        ConnectionKind.Snapshot => await new SnapshotServer(this, served.Connection, hello).RunAsync(reader),
    };

    // Null if it was refused, ended or too slow; then there is nothing more to do.
    private async Task<(Hello, FrameReader)?> GreetAsync(Served served)
    {
        IConnection connection = served.Connection;
        using var watch = new ConnectionWatch(Time, connection, Options.HelloTimeout);
        try
        {
            await connection.OpenAsync(_stopping.Token);
            var reader = new FrameReader(connection.Input);
            ConnectionKind? kind = await reader.ReadPreambleAsync();
            bool isThere = kind is not null && await reader.MoveNextAsync();
            if (!isThere)
            {
                string why = watch.HasExpired ? $"Its hello wasn't complete after {Options.HelloTimeout.TotalSeconds:0.###} s."
                    : kind is null ? "It doesn't speak our protocol."
                    : reader.Error ?? "It ended before its hello.";
                Host.Happened(new NetworkEvent(NetworkEventKind.HelloIncomplete, connection.RemoteName, null, why));
                return null;
            }

            Hello? hello = reader.Header.Type == FrameType.Hello ? HelloCodec.TryReadHello(kind!.Value, reader.Body.ToArray()) : null;
            Note(served, hello);
            HelloRefusal? refusal = hello is null ? new HelloRefusal(RefusalCode.Malformed, 0, 0, "The hello can't be read.")
                : _isDraining ? new HelloRefusal(RefusalCode.Draining, 0, 0, $"{Options.Node} is shutting down.")
                : HelloRules.Check(hello, Host.Cluster, Options.Node, Options.Incarnation)
                    ?? Host.Judge(hello, connection.PeerNames)
                    ?? CheckLife(hello);
            await AnswerAsync(connection, hello, refusal);
            if (refusal is null)
            {
                return (hello!, reader);
            }

            // Closed at once, a connection may lose what was written last: the other side closes it, or its time runs out.
            while (await reader.MoveNextAsync())
            {
            }

            return null;
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            Host.Happened(new NetworkEvent(NetworkEventKind.HelloIncomplete, connection.RemoteName, null, exception.Message));
            return null;
        }
    }

    // Before it is judged: judged just before the host has changed its mind, it's looked at again.
    private void Note(Served served, Hello? hello)
    {
        lock (_gate)
        {
            served.Said = hello is null ? null : (hello, served.Connection.PeerNames);
        }
    }

    // A later life of a node is connected: this is a process that should be dead, or a copy of its disk (museum M04).
    private HelloRefusal? CheckLife(Hello hello)
    {
        lock (_gate)
        {
            return hello is { Kind: ConnectionKind.Peer, Node: { } node }
                && _receivers.TryGetValue(node, out PeerReceiver? other) && other.Incarnation > hello.Incarnation
                ? new HelloRefusal(
                    RefusalCode.EarlierLife,
                    hello.Incarnation.Value,
                    other.Incarnation.Value,
                    $"You are {node} in life {hello.Incarnation}; life {other.Incarnation} of it is connected.")
                : null;
        }
    }

    private async Task AnswerAsync(IConnection connection, Hello? hello, HelloRefusal? refusal)
    {
        byte[] body = new byte[WireLimits.HelloBytesMax];
        if (refusal is not null)
        {
            Host.Happened(new NetworkEvent(NetworkEventKind.HelloRefused, connection.RemoteName, hello?.Node, refusal.ToString()));
            await Dialer.WriteFrameAsync(connection.Output, FrameType.Refused, 0, body.AsMemory(0, HelloCodec.Write(refusal, body)));
            return;
        }

        var welcome = new Welcome
        {
            Version = hello!.Versions.NewestInCommon(VersionRange.Spoken)!.Value,
            Cluster = Host.Cluster,
            Node = Options.Node,
            Incarnation = Options.Incarnation,
            Advertised = Advertised,
        };
        await Dialer.WriteFrameAsync(connection.Output, FrameType.Welcome, 0, body.AsMemory(0, HelloCodec.Write(welcome, body)));
    }

    private async Task<string?> ReceiveAsync(Served served, FrameReader reader, Hello hello)
    {
        IConnection connection = served.Connection;
        NodeId node = hello.Node!.Value;
        var receiver = new PeerReceiver(this, connection, hello);
        PeerReceiver? older;
        PeerLink? link;
        lock (_gate)
        {
            if (served.IsExpelled)
            {
                return null;
            }

            _receivers.TryGetValue(node, out older);
            _receivers[node] = receiver;
            _links.TryGetValue(node, out link);
        }

        if (older is not null)
        {
            older.Retire();
            Host.Happened(new NetworkEvent(NetworkEventKind.ConnectionReplaced, connection.RemoteName, node, "A newer connection replaces an older one."));
        }

        Host.PeerHeard(node, hello.Incarnation, hello.Advertised);
        link?.TryAtOnce();
        string? error = await receiver.RunAsync(reader);
        lock (_gate)
        {
            if (_receivers.TryGetValue(node, out PeerReceiver? current) && current == receiver)
            {
                _receivers.Remove(node);
            }
        }

        return receiver.IsRetired ? null : error;
    }
}
