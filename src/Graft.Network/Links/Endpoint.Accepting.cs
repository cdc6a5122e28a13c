using System.Buffers;

namespace Graft.Network;

// The door: who comes in, and which loop serves them.
public sealed partial class Endpoint
{
    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);

    /// <summary>Takes a connection that another door has accepted: a web server that shares its port, say.</summary>
    /// <param name="connection">The endpoint's from here on. One too many of its kind (<see cref="EndpointOptions.ClientConnectionsMax"/> and the two beside it) is refused; one after the end is closed unheard.</param>
    /// <returns>A task that ends when the connection has been served to its end. The connection is disposed then.</returns>
    public Task AcceptAsync(IConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        if (TryEnter(connection, out Served? displaced) is not { } served)
        {
            connection.Abort();
            return connection.DisposeAsync().AsTask();
        }

        if (displaced is not null)
        {
            Host.Happened(new NetworkEvent(
                NetworkEventKind.TooManyConnections,
                displaced.Connection.RemoteName,
                null,
                $"{Options.UnheardConnectionsMax} connections had said nothing yet; the oldest was closed for one more."));
            displaced.Connection.Abort();
        }

        return served.RunAsync(ServeAsync);
    }

    // Null once the endpoint is disposed.
    private Served? TryEnter(IConnection connection, out Served? displaced)
    {
        displaced = null;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return null;
            }

            if (_unheard.Count >= Options.UnheardConnectionsMax)
            {
                // The oldest: whoever means to say something has said it long before its turn comes.
                displaced = _unheard.First().Value;
                displaced.IsDisplaced = true;
                _unheard.Remove(displaced.Number);
            }

            var served = new Served(++_connections, connection);
            _served.Add(served.Number, served);
            _unheard.Add(served.Number, served);
            return served;
        }
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

    private async Task ServeAsync(Served served)
    {
        IConnection connection = served.Connection;
        FrameReader? begun = null;
        try
        {
            if (await GreetAsync(served) is var (hello, reader))
            {
                begun = reader;
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
            begun?.GiveBack();
            connection.Abort();
            await connection.DisposeAsync();
            Leave(served);
        }
    }

    private async Task<string?> ServeAsync(Served served, FrameReader reader, Hello hello)
    {
        switch (hello.Kind)
        {
            case ConnectionKind.Peer:
                reader.Expect(int.MaxValue, _peerFrames);
                return await ReceiveAsync(served, reader, hello);
            case ConnectionKind.Call:
                reader.Expect(int.MaxValue, _callFrames);
                return await new CallServer(this, served.Connection, hello).RunAsync(reader);
            default:
                reader.Expect(WireLimits.FetchBytesMax, budget: null);
                return await new SnapshotServer(this, served.Connection, hello).RunAsync(reader);
        }
    }

    // Null if it was refused, ended or too slow; then there is nothing more to do.
    private async Task<(Hello, FrameReader)?> GreetAsync(Served served)
    {
        IConnection connection = served.Connection;
        using var watch = new ConnectionWatch(Time, connection, Options.HelloTimeout);
        try
        {
            await ConnectionFaults.OpenAsync(connection, _stopping.Token);
            var reader = new FrameReader(connection.Input, WireLimits.HelloBytesMax);
            ConnectionKind? kind = await reader.ReadPreambleAsync();
            bool isThere = kind is not null && await reader.MoveNextAsync();
            if (!isThere)
            {
                string why = watch.HasExpired ? $"Its hello wasn't complete after {Options.HelloTimeout.TotalSeconds:0.###} s."
                    : kind is null ? "It doesn't speak our protocol."
                    : reader.Error ?? "It ended before its hello.";
                TellIncomplete(served, why);
                return null;
            }

            Hello? hello = reader.Header.Type == FrameType.Hello ? HelloCodec.TryReadHello(kind!.Value, reader.Body.ToArray()) : null;
            Note(served, hello);
            HelloRefusal? refusal = hello is null ? new HelloRefusal(RefusalCode.Malformed, 0, 0, "The hello can't be read.")
                : _isDraining ? new HelloRefusal(RefusalCode.Draining, 0, 0, $"{Options.Node} is shutting down.")
                : HelloRules.Check(hello, Host.Cluster, Options.Node, Options.Incarnation)
                    ?? Host.Judge(hello, connection.PeerNames)
                    ?? Admit(served, hello);
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
            TellIncomplete(served, exception.Message);
            return null;
        }
    }

    private void TellIncomplete(Served served, string why)
    {
        if (!served.IsDisplaced)
        {
            Host.Happened(new NetworkEvent(NetworkEventKind.HelloIncomplete, served.Connection.RemoteName, null, why));
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

    // The last word before the welcome, in one step: of two hellos of a node that come at a time, the later life's stays whichever is answered first.
    private HelloRefusal? Admit(Served served, Hello hello)
    {
        PeerReceiver? older = null;
        lock (_gate)
        {
            if ((CheckLife_NeedsLock(hello) ?? TakePlace_NeedsLock(served, hello)) is { } refusal)
            {
                return refusal;
            }

            if (hello is { Kind: ConnectionKind.Peer, Node: { } node })
            {
                _receivers.TryGetValue(node, out older);
                _receivers[node] = served.Receiver = new PeerReceiver(this, served.Connection, hello);
            }
        }

        if (older is not null)
        {
            older.Retire();
            Host.Happened(new NetworkEvent(
                NetworkEventKind.ConnectionReplaced, served.Connection.RemoteName, hello.Node, "A newer connection replaces an older one."));
        }

        return null;
    }

    // A later life of a node is connected: this is a process that should be dead, or a copy of its disk (museum M04).
    private HelloRefusal? CheckLife_NeedsLock(Hello hello) =>
        hello is { Kind: ConnectionKind.Peer, Node: { } node }
        && _receivers.TryGetValue(node, out PeerReceiver? other) && other.Incarnation > hello.Incarnation
            ? new HelloRefusal(
                RefusalCode.EarlierLife,
                hello.Incarnation.Value,
                other.Incarnation.Value,
                $"You are {node} in life {hello.Incarnation}; life {other.Incarnation} of it is connected.")
            : null;

    // Clients may be many. If they could take the places of nodes, a node whose connection breaks once would never come back.
    private HelloRefusal? TakePlace_NeedsLock(Served served, Hello hello)
    {
        bool isNode = hello.Node is not null;
        int taken = isNode ? _nodePlaces : _clientPlaces;
        int places = isNode ? Options.NodeConnectionsMax : Options.ClientConnectionsMax;
        if (taken >= places)
        {
            return new HelloRefusal(
                RefusalCode.Busy, (ulong)taken, (ulong)places, $"{taken} connections of {(isNode ? "nodes" : "clients")} are open here, as many as may be.");
        }

        _unheard.Remove(served.Number);
        served.Place = isNode ? Place.Node : Place.Client;
        _nodePlaces += isNode ? 1 : 0;
        _clientPlaces += isNode ? 0 : 1;
        return null;
    }

    private void Leave(Served served)
    {
        lock (_gate)
        {
            _served.Remove(served.Number);
            _unheard.Remove(served.Number);
            _nodePlaces -= served.Place == Place.Node ? 1 : 0;
            _clientPlaces -= served.Place == Place.Client ? 1 : 0;
        }

        Unregister(served.Receiver);
    }

    private bool IsExpelled(Served served)
    {
        lock (_gate)
        {
            return served.IsExpelled;
        }
    }

    private void Unregister(PeerReceiver? receiver)
    {
        lock (_gate)
        {
            if (receiver is not null && _receivers.TryGetValue(receiver.Node, out PeerReceiver? current) && current == receiver)
            {
                _receivers.Remove(receiver.Node);
            }
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
        PeerReceiver receiver = served.Receiver!;
        if (receiver.IsRetired || IsExpelled(served))
        {
            // While its welcome was written, a newer one came, or the host has changed its mind.
            return null;
        }

        Host.PeerHeard(receiver.Node, hello.Incarnation, hello.Advertised);
        FindPeer(receiver.Node)?.TryAtOnce();
        string? error = await receiver.RunAsync(reader);
        Unregister(receiver);
        return receiver.IsRetired ? null : error;
    }
}
