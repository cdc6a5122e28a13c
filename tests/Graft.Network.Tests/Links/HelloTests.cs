using System.IO.Pipelines;
using System.Security.Cryptography;
using Graft.Consensus;
using ReadResult = System.IO.Pipelines.ReadResult;

namespace Graft.Network.Tests.Links;

public sealed class HelloTests
{
    [Fact] // museum M02
    public void A_node_of_another_cluster_is_refused_with_both_ids() => Refuses(
        RawPeer.PeerHello with { Cluster = new ClusterId(7) }, RefusalCode.OtherCluster, 7, 1);

    [Fact] // museum M03, M05
    public void Who_expects_another_node_is_told_which_lives_here() => Refuses(
        RawPeer.PeerHello with { Expected = new NodeId(3) }, RefusalCode.OtherNode, 3, 2);

    [Fact] // museum L06
    public void A_node_does_not_listen_to_itself() => Refuses(
        RawPeer.PeerHello with { Node = new NodeId(2), Incarnation = new Incarnation(1) }, RefusalCode.SelfConnection, 1, 1);

    [Fact] // a copied data directory
    public void A_node_does_not_listen_to_another_with_its_id() => Refuses(
        RawPeer.PeerHello with { Node = new NodeId(2), Incarnation = new Incarnation(5), Expected = null }, RefusalCode.SelfConnection, 5, 1);

    [Fact]
    public void A_program_of_another_version_is_refused_with_both_ranges() => Refuses(
        RawPeer.PeerHello with { Versions = new VersionRange(2, 9) }, RefusalCode.VersionUnknown, (2 << 16) | 9, (1 << 16) | 1);

    [Fact]
    public void The_node_has_its_say_once_the_rules_are_met() => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2);
        host.Judgement = hello => new HelloRefusal(RefusalCode.NotReady, 0, 0, $"Not yet, {hello.Node}.");

        await using RawPeer raw = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);

        Assert.Equal(new HelloRefusal(RefusalCode.NotReady, 0, 0, "Not yet, n9."), raw.Refusal());
    });

    [Fact]
    public void Who_would_be_refused_by_now_is_put_out_and_told_why_when_it_dials_again() => Town.Play(async town =>
    {
        (Endpoint one, TestHost _) = await town.StartAsync(1);
        (Endpoint two, TestHost host) = await town.StartAsync(2);
        one.SetAddress(new NodeId(2), Town.AddressOf(2));
        await town.World.UntilAsync(() => one.Peer(new NodeId(2)).Status.IsConnected, "they are connected");
        two.JudgeAgain();
        await town.World.DelayAsync(TimeSpan.FromSeconds(5));
        Assert.True(one.Peer(new NodeId(2)).Status.IsConnected);

        host.Judgement = hello => new HelloRefusal(RefusalCode.OtherEpoch, 1, 2, $"No more, {hello.Node}.");
        one.Peer(new NodeId(2)).Send(new GroupId(1), Town.Heartbeat(1, 2, 1), []);
        two.JudgeAgain();

        // What was under way isn't heard either.
        await town.World.DelayAsync(TimeSpan.FromSeconds(5));
        Assert.False(one.Peer(new NodeId(2)).Status.IsConnected);
        Assert.Contains("OtherEpoch", one.Peer(new NodeId(2)).Status.LastError, StringComparison.Ordinal);
        Assert.Empty(host.Messages);
    });

    [Fact]
    public void Who_has_something_else_to_say_dials_again() => Town.Play(async town =>
    {
        (Endpoint one, TestHost first) = await town.StartAsync(1);
        (Endpoint _, TestHost second) = await town.StartAsync(2);
        one.SetAddress(new NodeId(2), Town.AddressOf(2));
        await town.World.UntilAsync(() => first.Connected.Count == 1, "they are connected");
        int hellos = 0;
        second.Judgement = _ =>
        {
            hellos++;
            return null;
        };

        one.Redial();

        await town.World.UntilAsync(() => first.Connected.Count == 2, "they are connected again");
        Assert.Equal((1, 1), (hellos, first.Lost.Count));
    });

    [Fact]
    public void A_node_that_shuts_down_says_so() => Town.Play(async town =>
    {
        (Endpoint two, _) = await town.StartAsync(2);
        two.Drain();

        await using RawPeer raw = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);

        Assert.Equal(RefusalCode.Draining, raw.Refusal().Code);
    });

    [Fact]
    public void A_node_without_a_cluster_is_heard_and_one_that_hears_it_may_have_none() => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2);

        await using RawPeer joining = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello with { Cluster = default });
        Assert.Equal(FrameType.Welcome, joining.Reader.Header.Type);

        host.Cluster = default;
        await using RawPeer member = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello with { Node = new NodeId(10), Cluster = new ClusterId(8) });
        Assert.Equal(FrameType.Welcome, member.Reader.Header.Type);
    });

    [Fact]
    public void A_dialing_link_is_told_why_it_is_refused_and_does_not_send() => Town.Play(async town =>
    {
        (Endpoint one, TestHost first) = await town.StartAsync(1);
        (_, TestHost second) = await town.StartAsync(2);
        second.Cluster = new ClusterId(99);
        one.SetAddress(new NodeId(2), Town.AddressOf(2));

        await town.World.DelayAsync(TimeSpan.FromSeconds(10));

        Assert.Contains("OtherCluster", one.Peer(new NodeId(2)).Status.LastError, StringComparison.Ordinal);
        Assert.Contains("c63", one.Peer(new NodeId(2)).Status.LastError, StringComparison.Ordinal);
        first.Only(NetworkEventKind.LinkFailed);
        Assert.Empty(first.Connected);
        Assert.Empty(second.Heard);
    });

    [Fact] // museum M05: a new machine at an old address
    public void A_link_does_not_talk_to_another_node_at_the_address() => Town.Play(async town =>
    {
        (Endpoint one, TestHost first) = await town.StartAsync(1);
        (_, TestHost third) = await town.StartAsync(3);
        one.SetAddress(new NodeId(2), Town.AddressOf(3));

        await town.World.DelayAsync(TimeSpan.FromSeconds(10));

        Assert.Empty(first.Connected);
        Assert.Empty(third.Heard);
        Assert.Contains("OtherNode", one.Peer(new NodeId(2)).Status.LastError, StringComparison.Ordinal);
    });

    [Fact] // museum L07
    public void A_hello_that_drips_in_is_cut_off_however_it_drips() => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2);
        byte[] greeting = RawPeer.Greeting(RawPeer.PeerHello);
        await using RawPeer raw = await RawPeer.ConnectAsync(town, 2);
        await using RawPeer silent = await RawPeer.ConnectAsync(town, 2);
        TimeSpan began = town.World.Time.Elapsed;

        int sent = 0;
        for (; sent < greeting.Length && host.Events.Count < 2; sent++)
        {
            try
            {
                await raw.SendAsync([greeting[sent]]);
            }
            catch (IOException)
            {
                break;
            }

            await town.World.DelayAsync(TimeSpan.FromSeconds(1));
        }

        await town.World.UntilAsync(() => host.Events.Count == 2, "both are told");
        Assert.InRange(town.World.Time.Elapsed - began, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(8));
        Assert.InRange(sent, 4, 8);
        Assert.Equal(2, host.Events.Count(what => what.Kind == NetworkEventKind.HelloIncomplete));
        await town.World.UntilAsync(() => town.Network.OpenConnections == 0, "both are closed");
    });

    [Fact] // museum L09
    public void Connections_are_bounded_and_those_that_there_are_go_on() => Town.Play(async town =>
    {
        (Endpoint one, _) = await town.StartAsync(1);
        (_, TestHost host) = await town.StartAsync(2, options => options with { UnheardConnectionsMax = 4 });
        PeerLink link = await LinkTests.ConnectAsync(town, one, 2);
        var idle = new List<RawPeer>();

        for (int i = 0; i < 50; i++)
        {
            idle.Add(await RawPeer.ConnectAsync(town, 2));
        }

        await town.World.DelayAsync(TimeSpan.FromMilliseconds(10));
        Assert.Equal(46, host.Events.Count(what => what.Kind == NetworkEventKind.TooManyConnections));
        Assert.True(link.Send(new GroupId(1), Town.Heartbeat(1, 2, 1), []));
        await town.World.UntilAsync(() => host.Messages.Count == 1, "the link still works");
        foreach (RawPeer raw in idle)
        {
            await raw.DisposeAsync();
        }
    });

    [Fact]
    public void Clients_that_take_all_their_places_leave_those_of_nodes_free() => Town.Play(async town =>
    {
        await town.StartAsync(2, options => options with { ClientConnectionsMax = 3, NodeConnectionsMax = 2 });
        var client = new Hello { Kind = ConnectionKind.Call };
        var clients = new List<RawPeer>();
        for (int i = 0; i < 3; i++)
        {
            clients.Add(await RawPeer.GreetAsync(town, 2, client));
            Assert.Equal(FrameType.Welcome, clients[i].Reader.Header.Type);
        }

        await using RawPeer oneMore = await RawPeer.GreetAsync(town, 2, client);
        await using RawPeer peer = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);
        await using RawPeer calling = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello with { Kind = ConnectionKind.Call });
        await using RawPeer third = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello with { Kind = ConnectionKind.Snapshot });

        Assert.Equal((RefusalCode.Busy, 3ul, 3ul), (oneMore.Refusal().Code, oneMore.Refusal().Said, oneMore.Refusal().Held));
        Assert.Equal(FrameType.Welcome, peer.Reader.Header.Type);
        Assert.Equal(FrameType.Welcome, calling.Reader.Header.Type);
        Assert.Equal((RefusalCode.Busy, 2ul, 2ul), (third.Refusal().Code, third.Refusal().Said, third.Refusal().Held));

        await clients[0].DisposeAsync();
        await town.World.DelayAsync(TimeSpan.FromMilliseconds(10));
        await using RawPeer next = await RawPeer.GreetAsync(town, 2, client);
        Assert.Equal(FrameType.Welcome, next.Reader.Header.Type);
        foreach (RawPeer each in clients)
        {
            await each.DisposeAsync();
        }
    });

    [Fact] // silence takes no place from those who speak
    public void Who_says_nothing_makes_room_for_who_does() => Town.Play(async town =>
    {
        await town.StartAsync(2, options => options with { UnheardConnectionsMax = 4 });
        var silent = new List<RawPeer>();
        for (int i = 0; i < 4; i++)
        {
            silent.Add(await RawPeer.ConnectAsync(town, 2));
        }

        await using RawPeer peer = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);

        Assert.Equal(FrameType.Welcome, peer.Reader.Header.Type);
        foreach (RawPeer each in silent)
        {
            await each.DisposeAsync();
        }
    });

    [Fact] // a certificate that can't be read, say: what opening throws is about one connection, whatever it throws
    public void A_connection_that_cannot_be_opened_is_a_lost_one() => Town.Play(async town =>
    {
        (Endpoint two, TestHost host) = await town.StartAsync(2);
        await two.AcceptAsync(new HookedConnection(static () => throw new CryptographicException("no DER")));
        Assert.Contains("no DER", host.Only(NetworkEventKind.HelloIncomplete).Text, StringComparison.Ordinal);

        var dialing = new TestHost();
        var options = new EndpointOptions { Node = new NodeId(1), Incarnation = new Incarnation(1) };
        await using var one = new Endpoint(options, new BrokenNetwork(), town.World.Time, new SeededRandom(1), dialing);
        one.SetAddress(new NodeId(2), Town.AddressOf(2));
        await town.World.DelayAsync(TimeSpan.FromSeconds(10));
        Assert.Contains("no DER", dialing.Only(NetworkEventKind.LinkFailed).Text, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(
            () => CallConnection.OpenAsync(new CallConnectionOptions(), new BrokenNetwork(), Town.AddressOf(2), town.World.Time, CancellationToken.None).AsTask());

        Assert.Empty(host.Faults);
        Assert.Empty(dialing.Faults);
    });

    [Fact]
    public void Of_two_hellos_at_a_time_the_later_life_stays() => Town.Play(async town =>
    {
        (Endpoint two, TestHost host) = await town.StartAsync(2, options => options with { Listen = null });
        var older = new Pipe();
        var stuck = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var newer = new Pipe();
        Task first = two.AcceptAsync(new PipeConnection(new Duplex(older.Reader, stuck.Writer), "older", [], () => { }));
        await older.Writer.WriteAsync(RawPeer.Greeting(RawPeer.PeerHello), CancellationToken.None);
        await town.World.DelayAsync(TimeSpan.FromMilliseconds(10));
        Task second = two.AcceptAsync(new PipeConnection(new Duplex(newer.Reader, new Pipe().Writer), "newer", [], () => { }));
        await newer.Writer.WriteAsync(RawPeer.Greeting(RawPeer.PeerHello with { Incarnation = new Incarnation(5) }), CancellationToken.None);
        await town.World.UntilAsync(() => host.Heard.Count == 1, "the newer is welcome");

        // Only now does the older's welcome leave.
        ReadResult welcome = await stuck.Reader.ReadAsync(CancellationToken.None);
        stuck.Reader.AdvanceTo(welcome.Buffer.End);
        await town.World.DelayAsync(TimeSpan.FromMilliseconds(10));

        Assert.True(two.TryGetHeard(new NodeId(9), out long _, out Incarnation life));
        Assert.Equal(new Incarnation(5), life);
        Assert.Single(host.Heard);
        await older.Writer.CompleteAsync();
        await newer.Writer.CompleteAsync();
        await first;
        await second;
    });

    [Fact]
    public void Disposing_waits_for_a_connection_that_is_just_being_accepted() => Town.Play(async town =>
    {
        (Endpoint two, _) = await town.StartAsync(2);
        var gate = new TaskCompletionSource();
        Task disposing = Task.CompletedTask;
        var connection = new HookedConnection(async () =>
        {
            disposing = two.DisposeAsync().AsTask();
            await gate.Task;
        });

        Task served = two.AcceptAsync(connection);
        await town.World.DelayAsync(TimeSpan.FromSeconds(1));

        Assert.False(disposing.IsCompleted);
        gate.SetResult();
        await disposing;
        await served;
    });

    [Fact]
    public void What_is_not_our_protocol_is_closed_unanswered() => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2);
        await using RawPeer raw = await RawPeer.ConnectAsync(town, 2);

        await raw.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());

        Assert.Empty(await raw.ReadToEndAsync());
        Assert.Equal("It doesn't speak our protocol.", host.Only(NetworkEventKind.HelloIncomplete).Text);
    });

    [Fact]
    public void A_hello_that_cannot_be_read_is_refused_as_such() => Town.Play(async town =>
    {
        await town.StartAsync(2);
        await using RawPeer raw = await RawPeer.ConnectAsync(town, 2);
        byte[] greeting = RawPeer.Greeting(RawPeer.PeerHello);

        await raw.SendAsync([.. greeting[..Preamble.Size], .. RawPeer.Frame(FrameType.Hello, 0, [1, 2, 3])]);

        Assert.True(await raw.Reader.MoveNextAsync());
        Assert.Equal(RefusalCode.Malformed, raw.Refusal().Code);
    });

    [Fact] // museum L01
    public void Nothing_of_a_replaced_connection_is_delivered() => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2);
        await using RawPeer older = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);
        await older.SendAsync(Batch(1));
        await town.World.UntilAsync(() => host.Messages.Count == 1, "the older is heard");

        await using RawPeer newer = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);
        Assert.Equal(FrameType.Welcome, newer.Reader.Header.Type);
        try
        {
            await older.SendAsync(Batch(2));
        }
        catch (IOException)
        {
            // Ended before it was written: as good.
        }

        await newer.SendAsync(Batch(3));
        await town.World.DelayAsync(TimeSpan.FromSeconds(1));

        Assert.Equal([1UL, 3UL], host.Messages.Select(each => each.Message.Round));
        Assert.Empty(await older.ReadToEndAsync());
    }, seeds: 40);

    [Fact] // museum L01, where the older can't even be closed: what it still brings has to be dropped
    public void Nothing_of_a_replaced_connection_is_delivered_although_it_stays_open() => Town.Play(async town =>
    {
        (Endpoint two, TestHost host) = await town.StartAsync(2, options => options with { Listen = null });
        var older = new Pipe();
        var newer = new Pipe();
        Task first = two.AcceptAsync(new PipeConnection(new Duplex(older.Reader, new Pipe().Writer), "older", [], () => { }));
        await older.Writer.WriteAsync(RawPeer.Greeting(RawPeer.PeerHello), CancellationToken.None);
        await town.World.UntilAsync(() => host.Heard.Count == 1, "the older is welcome");
        Task second = two.AcceptAsync(new PipeConnection(new Duplex(newer.Reader, new Pipe().Writer), "newer", [], () => { }));
        await newer.Writer.WriteAsync(RawPeer.Greeting(RawPeer.PeerHello), CancellationToken.None);
        await town.World.UntilAsync(() => host.Heard.Count == 2, "the newer is welcome");

        await older.Writer.WriteAsync(Batch(1), CancellationToken.None);
        await town.World.DelayAsync(TimeSpan.FromMilliseconds(10));
        await newer.Writer.WriteAsync(Batch(2), CancellationToken.None);
        await older.Writer.CompleteAsync();
        await newer.Writer.CompleteAsync();
        await first;
        await second;

        Assert.Equal([2UL], host.Messages.Select(each => each.Message.Round));
    });

    [Fact] // museum M04
    public void An_earlier_life_does_not_replace_a_later_one() => Town.Play(async town =>
    {
        await town.StartAsync(2);
        await using RawPeer later = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);

        await using RawPeer earlier = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello with { Incarnation = new Incarnation(3) });

        HelloRefusal refusal = earlier.Refusal();
        Assert.Equal((RefusalCode.EarlierLife, 3UL, 4UL), (refusal.Code, refusal.Said, refusal.Held));
    });

    [Fact]
    public void A_peer_connection_that_falls_silent_is_ended() => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2);
        await using RawPeer raw = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);
        await raw.SendAsync(RawPeer.Frame(FrameType.Ping, 17, []));
        TimeSpan began = town.World.Time.Elapsed;

        Assert.Equal([FrameType.Pong], await raw.ReadToEndAsync());
        Assert.InRange(town.World.Time.Elapsed - began, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4));
        await town.World.UntilAsync(() => host.Events.Count == 1, "it is told");
        Assert.Equal(new NodeId(9), host.Only(NetworkEventKind.ConnectionBroken).Node);
    });

    [Fact]
    public void A_connection_that_another_door_accepted_is_served_like_any_other() => Town.Play(async town =>
    {
        (Endpoint two, TestHost host) = await town.StartAsync(2, options => options with { Listen = null });
        var there = new Pipe();
        var back = new Pipe();
        Task served = two.AcceptAsync(new PipeConnection(new Duplex(there.Reader, back.Writer), "door", [], there.Reader.CancelPendingRead));
        var reader = new FrameReader(back.Reader);

        await there.Writer.WriteAsync(RawPeer.Greeting(RawPeer.PeerHello), CancellationToken.None);
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal(FrameType.Welcome, reader.Header.Type);
        await there.Writer.WriteAsync(Batch(5), CancellationToken.None);
        await town.World.UntilAsync(() => host.Messages.Count == 1, "the message has come");
        await there.Writer.CompleteAsync();

        await served;
        Assert.False(await reader.MoveNextAsync());
        Assert.Null(reader.Error);
    });

    internal static byte[] Batch(ulong round)
    {
        var ends = new MessageEnds(new ClusterId(1), new NodeId(9), new NodeId(2), new Incarnation(4));
        byte[] body = new byte[400];
        Message message = Town.Heartbeat(9, 2, round, life: 4);
        return RawPeer.Frame(FrameType.Batch, 0, body[..MessageCodec.Write(body, new GroupId(1), message, [], ends)]);
    }

    private static void Refuses(Hello hello, RefusalCode code, ulong said, ulong held) => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2);

        await using RawPeer raw = await RawPeer.GreetAsync(town, 2, hello);

        HelloRefusal refusal = raw.Refusal();
        Assert.Equal((code, said, held), (refusal.Code, refusal.Said, refusal.Held));
        Assert.NotEmpty(refusal.Text);
        Assert.Empty(host.Heard);
        host.Only(NetworkEventKind.HelloRefused);
    });

    private sealed class BrokenNetwork : INetwork
    {
        public ValueTask<IConnection> ConnectAsync(NodeAddress address, CancellationToken cancellation) => throw new CryptographicException("no DER");

        public ValueTask<IListener> ListenAsync(NodeAddress address, CancellationToken cancellation) => throw new NotSupportedException();
    }

    private sealed class HookedConnection(Func<ValueTask> open) : IConnection
    {
        private readonly Pipe _in = new();
        private readonly Pipe _out = new();

        public PipeReader Input => _in.Reader;

        public PipeWriter Output => _out.Writer;

        public string RemoteName => "hooked";

        public IReadOnlyList<string> PeerNames => [];

        public ValueTask OpenAsync(CancellationToken cancellation) => open();

        public void Abort() => _in.Writer.Complete();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
