using Graft.Consensus;
using Graft.Network;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Graft.Tests;

public sealed class StatusTests
{
    private static readonly NodeId Self = new(1);
    private static readonly NodeId Other = new(2);

    [Fact]
    public void A_leader_at_peace_says_that_it_leads_and_nothing_else() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("a");
        await cluster.DelayAsync(200);

        GroupStatus status = await cluster.Leader.Actor.LookAsync();

        Assert.Equal($"{cluster.Leader.Id} leads {status.Term}.", status.Explain());
        Assert.Equal(Role.Leader, status.Role);
        Assert.Equal(0ul, status.ApplyLag);
        Assert.Equal(3, status.Raft!.Members.Length);
        Assert.NotNull(status.Disk.LastFlush);
    });

    [Fact]
    public void A_node_without_a_quorum_answers_at_once_and_says_why_nobody_leads() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        TestNode left = cluster.Nodes[2];
        cluster.Isolate(left);
        await cluster.UntilAsync(() => left.Actor.View.Leader is null);
        Task<string> held = left.WriteAsync("held", new WriteOptions { Timeout = TimeSpan.FromSeconds(9) });
        await cluster.DelayAsync(3000);

        TimeSpan before = cluster.World.Time.Elapsed;
        GroupStatus status = await left.Actor.LookAsync();

        Assert.True(cluster.World.Time.Elapsed - before < TimeSpan.FromMilliseconds(1));
        Assert.Null(status.Leader);
        Assert.NotEqual(Leaderlessness.None, status.Raft!.WhyNoLeader);
        Assert.Contains(status.Raft.Explain(), status.Explain(), StringComparison.Ordinal);
        Assert.Contains("Writes that wait for a leader: 1.", status.Explain(), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<GraftException>(() => held);
    });

    [Fact]
    public void A_group_that_has_ended_still_says_so() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        GroupActor actor = cluster.Leader.Actor;
        await cluster.Leader.StopAsync();

        GroupStatus status = await actor.LookAsync();

        Assert.Null(status.Raft);
        Assert.Null(status.Leader);
        Assert.StartsWith($"{Self} takes no part in {TestCluster.Group} any more: This node is stopping.", status.Explain(), StringComparison.Ordinal);
    });

    [Fact]
    public void A_node_says_what_its_groups_are_and_how_its_links_stand() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await NodeWorld.WriteAsync(world.Leader, "a");

        NodeStatus status = await world.Leader.StatusAsync();

        GroupStatus group = Assert.Single(status.Groups);
        Assert.Null(status.Failure);
        Assert.Equal(2, group.Peers.Length);
        Assert.All(group.Peers, peer => Assert.True(peer.Link is { IsConnected: true }));
        Assert.All(group.Peers, peer => Assert.True(peer.SilentFor < group.ElectionTimeout));
        Assert.Equal($"{group.Group}: {group.Explain()}", status.Explain());
    });

    [Fact]
    public void A_node_that_failed_says_so_first()
    {
        NodeStatus status = new()
        {
            Node = Self,
            Cluster = new ClusterId(1),
            Address = new NodeAddress("a", 1),
            Failure = new IOException("The disk is gone."),
            Groups = [Calm()],
        };

        Assert.StartsWith($"{Self} can't go on and answers nobody: The disk is gone.", status.Explain(), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_is_at_peace_has_nothing_to_say() => Assert.Equal("", Calm().Explain());

    [Fact]
    public void A_failed_disk_is_named() => Says(Calm() with { Disk = Disk(failure: "EIO.") }, $"The log of {Self} has failed: EIO. Replace the disk");

    [Fact]
    public void A_full_disk_is_named() => Says(Calm() with { Disk = Disk(isFull: true) }, $"The disk of {Self} is full");

    [Fact]
    public void A_slow_flush_is_named() =>
        Says(Calm() with { Disk = Disk(lastFlush: TimeSpan.FromMilliseconds(250)) }, "The last flush took 250 ms");

    [Fact]
    public void A_halted_state_machine_is_named() =>
        Says(Calm() with { Halted = new ApplyHaltedException(new GroupId(1), new LogIndex(5), "It threw.") }, "The state machine applies nothing further here");

    [Fact]
    public void A_different_state_is_named() => Says(Calm() with { Divergence = "The states differ." }, "The states differ.");

    [Fact]
    public void A_removal_is_named() => Says(Calm() with { Removed = new LogIndex(9) }, $"{Self} was removed by the configuration at index {new LogIndex(9)}");

    [Fact]
    public void A_peer_without_an_address_is_named() => Says(WithLink(Link(address: null)), $"Nobody has said where {Other} is");

    [Fact]
    public void A_peer_that_is_not_connected_yet_is_named() => Says(WithLink(Link(isConnected: false)), $"{Other} at b:2 isn't connected yet.");

    [Fact]
    public void A_peer_that_cannot_be_reached_is_named_with_the_reason() =>
        Says(WithLink(Link(isConnected: false, error: "Refused.")), $"{Other} at b:2 isn't connected: Refused.");

    [Fact]
    public void A_network_too_slow_for_the_election_timeout_is_named() =>
        Says(WithLink(Link(roundTrip: TimeSpan.FromMilliseconds(200))), $"A round trip to {Other} takes 200 ms, and the election timeout is 500 ms");

    [Fact]
    public void A_queue_on_a_link_is_named() => Says(WithLink(Link(queued: 2 << 20)), $"2097152 bytes wait to be sent to {Other}");

    [Fact]
    public void A_restore_is_named() => Says(Calm() with { IsRestoring = true }, "The state machine is taking its state");

    [Fact]
    public void A_slow_state_machine_is_named() =>
        Says(Calm() with { Commit = new LogIndex(5000), Applied = new LogIndex(10) }, "4990 committed entries aren't applied yet");

    [Fact]
    public void Writes_without_a_leader_are_named() => Says(Calm() with { Pending = new PendingStatus(0, 3, 0, 100, 0, 0) }, "Writes that wait for a leader: 3.");

    [Fact]
    public void A_queue_half_full_is_named() =>
        Says(Calm() with { Pending = new PendingStatus(0, 0, 60, 100, 0, 0) }, "60 of 100 bytes of commands wait");

    [Fact]
    public void A_group_is_ready_while_it_has_a_leader() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        Assert.True((await cluster.Leader.Actor.LookAsync()).IsReady);
        TestNode left = cluster.Nodes[2];
        cluster.Isolate(left);
        await cluster.UntilAsync(() => left.Actor.View.Leader is null);

        Assert.False((await left.Actor.LookAsync()).IsReady);
    });

    [Fact]
    public void Each_reason_not_to_be_ready_counts() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        GroupStatus ready = await cluster.Leader.Actor.LookAsync();
        Assert.True(ready.IsReady);

        GroupStatus[] others =
        [
            ready with { Raft = null },
            ready with { Leader = null },
            ready with { Removed = new LogIndex(1) },
            ready with { Disk = Disk(failure: "EIO.") },
            ready with { IsRestoring = true },
            ready with { Raft = ready.Raft! with { IsRepairing = true } },
            ready with { Commit = ready.Applied + 1001 },
            ready with { Halted = new ApplyHaltedException(TestCluster.Group, new LogIndex(1), "It threw.") },
        ];

        Assert.All(others, status => Assert.False(status.IsReady));
        Assert.True((ready with { Commit = ready.Applied + 1000 }).IsReady);
        Assert.True((ready with { IsWitness = true, Commit = ready.Applied + 1001 }).IsReady);
    });

    [Fact]
    public void A_node_is_alive_before_it_is_up_and_ready_when_it_leads_or_follows() => NodeWorld.Play(async world =>
    {
        var hosted = new HostedNode();
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(new GraftLiveness([hosted]))).Status);
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(new GraftReadiness([hosted]))).Status);

        await world.StartThreeAsync();
        hosted.Node = world.Nodes["b"];
        HealthCheckResult ready = await CheckAsync(new GraftReadiness([hosted]));
        Assert.Equal(HealthStatus.Healthy, ready.Status);
        Assert.Equal((await hosted.Node.StatusAsync()).Groups[0].Explain(), ready.Data[$"{hosted.Node.Id} {GraftNode.DefaultGroup}"]);

        await world.StopAsync("a");
        await world.StopAsync("c");
        await world.World.UntilAsync(() => hosted.Node.Group().Leader is null, "nobody leads");
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(new GraftReadiness([hosted]))).Status);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(new GraftLiveness([hosted]))).Status);
    });

    [Fact]
    public void A_lost_quorum_is_named() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await world.StopAsync("b");
        await world.StopAsync("c");
        GraftNode left = world.Nodes["a"];
        await world.World.UntilAsync(() => left.Group().Leader is null, "nobody leads");
        await world.World.DelayAsync(TimeSpan.FromSeconds(10));

        GroupStatus status = await left.Group().StatusAsync();

        Assert.Contains("1 of 3 voters can be reached from here", status.Explain(), StringComparison.Ordinal);
    });

    [Fact]
    public void A_peer_that_is_reached_and_does_not_reach_us_is_named_while_it_has_something_to_say()
    {
        GroupStatus oneWay = WithLink(Link());
        string sentence = $"{Other} at b:2 can be reached from here, and has no connection to {Self}";

        Says(oneWay with { Leader = null }, sentence);
        Says(oneWay with { Role = Role.Leader, Leader = Self }, sentence);
        Assert.Equal("", oneWay.Explain());
        Assert.Equal("", (oneWay with { Leader = null, Peers = [new PeerStatus(Other, Link(), TimeSpan.Zero)] }).Explain());
    }

    [Fact]
    public void Who_does_not_reach_us_does_not_count_as_reachable() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        TestNode left = cluster.Nodes[2];
        cluster.Isolate(left);
        await cluster.UntilAsync(() => left.Actor.View.Leader is null);
        await cluster.DelayAsync(3000);
        GroupStatus status = await left.Actor.LookAsync();

        GroupStatus oneWay = status with { Peers = [.. status.Peers.Select(peer => new PeerStatus(peer.Node, Link(), null))] };
        GroupStatus both = status with { Peers = [.. status.Peers.Select(peer => new PeerStatus(peer.Node, Link(), TimeSpan.Zero))] };

        Assert.Contains("1 of 3 voters can be reached from here", oneWay.Explain(), StringComparison.Ordinal);
        Assert.DoesNotContain("voters can be reached from here", both.Explain(), StringComparison.Ordinal);
    });

    [Fact]
    public void A_check_whose_time_is_over_does_not_wait_for_a_group() => NodeWorld.Play(async world =>
    {
        var hosted = new HostedNode { Node = await world.StartAsync("a") };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new GraftReadiness([hosted]).CheckHealthAsync(new HealthCheckContext(), new CancellationToken(canceled: true)));
    });

    [Fact]
    public void A_storm_of_one_kind_on_the_network_hides_no_other() => NodeWorld.Play(async world =>
    {
        var log = new TestLog();
        world.Configure = (_, options) => options.Logger = log;
        await world.StartAsync("a");
        for (int i = 0; i < 5; i++)
        {
            IConnection knocking = await world.Network.At("balancer").ConnectAsync(NodeWorld.At("a"), CancellationToken.None);
            await knocking.DisposeAsync();
        }

        await Assert.ThrowsAsync<HelloRefusedException>(() => CallConnection.OpenAsync(
            new CallConnectionOptions { Cluster = new ClusterId(4711) }, world.Network.At("lost"), NodeWorld.At("a"), world.World.Time, CancellationToken.None).AsTask());
        await world.World.DelayAsync(TimeSpan.FromMilliseconds(1));

        Assert.Equal(2, log.Count(1304));
        Assert.Contains(log.Lines, static line => line.Id == 1304 && line.Text.Contains("HelloRefused", StringComparison.Ordinal));
    });

    [Fact]
    public void Two_nodes_that_are_lost_at_a_time_are_both_told() => NodeWorld.Play(async world =>
    {
        var log = new TestLog();
        world.Configure = (name, options) => options.Logger = name == "a" ? log : null;
        await world.StartThreeAsync();

        world.Network.Cut("a", "b");
        world.Network.Cut("a", "c");
        await world.World.DelayAsync(TimeSpan.FromSeconds(10));

        string[] failed = [.. log.Lines.Where(static line => line.Id == 1304).Select(static line => line.Text)];
        Assert.Contains(failed, static text => text.Contains("LinkFailed b:4001", StringComparison.Ordinal));
        Assert.Contains(failed, static text => text.Contains("LinkFailed c:4001", StringComparison.Ordinal));
    });

    private static Task<HealthCheckResult> CheckAsync(IHealthCheck check) =>
        check.CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);

    private static void Says(GroupStatus status, string sentence) => Assert.StartsWith(sentence, status.Explain(), StringComparison.Ordinal);

    private static GroupStatus WithLink(LinkStatus link) => Calm() with { Peers = [new PeerStatus(Other, link, null)] };

    private static LinkStatus Link(bool isConnected = true, string error = "", int queued = 0, TimeSpan? roundTrip = null) =>
        Link(new NodeAddress("b", 2), isConnected, error, queued, roundTrip);

    private static LinkStatus Link(NodeAddress? address, bool isConnected = false, string error = "", int queued = 0, TimeSpan? roundTrip = null) =>
        new(isConnected, DateTimeOffset.UnixEpoch, address, new Incarnation(1), error, queued, roundTrip, 0, null);

    private static DiskStatus Disk(bool isFull = false, string? failure = null, TimeSpan? lastFlush = null) => new(isFull, failure, TimeSpan.Zero, lastFlush);

    private static GroupStatus Calm() => new()
    {
        Group = new GroupId(1),
        Node = Self,
        Role = Role.Follower,
        Term = new Term(3),
        Leader = Other,
        Membership = Membership.Of([new Member(Self, MemberRole.Voter), new Member(Other, MemberRole.Voter)]),
        Commit = new LogIndex(10),
        Applied = new LogIndex(10),
        Raft = null,
        Ended = null,
        Peers = [],
        Disk = Disk(),
        Pending = new PendingStatus(0, 0, 0, 100, 0, 0),
        TailBytes = 0,
        BytesBehindSnapshot = 0,
        SnapshotBytes = 0,
        IsSnapshotUnderWay = false,
        IsRestoring = false,
        Halted = null,
        Divergence = null,
        Removed = null,
        ElectionTimeout = TimeSpan.FromMilliseconds(500),
        IsWitness = false,
        ClockExcess = TimeSpan.Zero,
    };
}
