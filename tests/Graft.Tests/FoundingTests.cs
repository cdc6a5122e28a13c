using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft.Tests;

/// <summary>A cluster is founded once: a node that lost its disk doesn't found a second one at its address.</summary>
public sealed class FoundingTests
{
    [Fact]
    public void Who_lost_its_disk_founds_nothing_while_its_cluster_looks_for_it() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        (NodeId lost, ClusterId cluster) = (world.Nodes["a"].Id, world.Nodes["a"].Cluster);
        await world.StopAsync("a");
        world.Disks["a"] = new MemoryDisk();
        await world.World.DelayAsync(TimeSpan.FromMinutes(1));
        world.Configure = static (_, options) => options.ForceNew = false;

        FoundingRefusedException refused = await Assert.ThrowsAsync<FoundingRefusedException>(() => world.StartAsync("a"));

        Assert.Equal((cluster, lost), (refused.Cluster, refused.Lost));
        Assert.Contains(world.Nodes.Values, node => node.Id == refused.Member);
        Assert.Contains($"remove {lost}", refused.Message, StringComparison.Ordinal);
        Assert.Null(LogTools.Describe(world.Disks["a"]).Node);

        // The way back that it was told.
        await world.World.UntilAsync(() => world.Nodes.Values.Any(node => node.Group().IsLeader), "somebody leads");
        await world.Leader.Group().Roster.ChangeNowAsync(new MembersRequest(MembershipChange.None.Remove(lost)));
        GraftNode again = await world.StartAsync("a", "b", "c");
        Assert.Equal(cluster, again.Cluster);
        Assert.Equal(3, world.Leader.Group().Members.IncomingVoters.Length);
    });

    [Fact]
    public void Force_founds_a_second_cluster_at_once() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        ClusterId cluster = world.Nodes["a"].Cluster;
        await world.StopAsync("a");
        world.Disks["a"] = new MemoryDisk();
        TimeSpan began = world.World.Time.Elapsed;

        GraftNode second = await world.StartAsync("a");

        Assert.NotEqual(cluster, second.Cluster);
        Assert.True(world.World.Time.Elapsed - began < TimeSpan.FromSeconds(2), $"{world.World.Time.Elapsed - began}");
    });

    [Fact]
    public void A_founding_that_nobody_objects_to_waits_longer_than_anybody_pauses() => NodeWorld.Play(async world =>
    {
        world.Configure = static (_, options) => options.ForceNew = false;
        var limits = new EndpointOptions { Node = new NodeId(1), Incarnation = new Incarnation(1) };

        await world.StartAsync("a");

        TimeSpan least = (limits.BackOffMax * 1.5) + limits.ConnectTimeout;
        Assert.InRange(world.World.Time.Elapsed, least, least + TimeSpan.FromSeconds(3));
        Assert.Equal("1:x", await NodeWorld.WriteAsync(world.Nodes["a"], "x"));
    });

    [Fact]
    public void A_client_that_knocks_holds_nothing_against_a_founding() => NodeWorld.Play(async world =>
    {
        world.Configure = static (_, options) => options.ForceNew = false;
        Task<GraftNode> founding = world.StartAsync("a");
        await world.World.DelayAsync(TimeSpan.FromSeconds(1));

        HelloRefusedException refused = await Assert.ThrowsAsync<HelloRefusedException>(
            () => CallConnection.OpenAsync(new CallConnectionOptions(), world.Network.At("client"), NodeWorld.At("a"), world.World.Time, CancellationToken.None).AsTask());

        Assert.Equal(RefusalCode.NotReady, refused.Refusal.Code);
        await founding;
    });

    [Theory]
    [InlineData("127.0.0.1:7000", null, false)]
    [InlineData("localhost:7000", null, false)]
    [InlineData("[::1]:7000", null, false)]
    [InlineData("10.0.0.1:0", null, false)]
    [InlineData("10.0.0.1:7000", null, true)]
    [InlineData("0.0.0.0:7000", null, true)]
    [InlineData("n1:7000", null, true)]
    [InlineData("127.0.0.1:7000", "n1:7000", true)]
    [InlineData("0.0.0.0:7000", "127.0.0.1:7000", true)]
    public void Only_who_can_be_looked_for_from_elsewhere_waits(string listen, string? advertised, bool waits) =>
        Assert.Equal(waits, FoundingWatch.IsWorthWhile(NodeAddress.Parse(listen), advertised is null ? null : NodeAddress.Parse(advertised)));

    [Fact]
    public void Who_joins_before_anybody_listens_waits_for_somebody() => NodeWorld.Play(async world =>
    {
        Task<GraftNode> joining = world.StartAsync("b", "a");
        await world.World.DelayAsync(TimeSpan.FromSeconds(20));
        Assert.False(joining.IsCompleted);

        GraftNode founder = await world.StartAsync("a");
        GraftNode joined = await joining;

        Assert.Equal(founder.Cluster, joined.Cluster);
        Assert.Equal(2, founder.Group().Members.IncomingVoters.Length);
    });

    [Fact]
    public void Who_joins_where_nobody_is_says_so_when_its_time_is_over() => NodeWorld.Play(async world =>
    {
        var log = new TestLog();
        world.Configure = (_, options) => (options.JoinTimeout, options.Logger) = (TimeSpan.FromSeconds(30), log);

        IOException alone = await Assert.ThrowsAsync<IOException>(() => world.StartAsync("b", "a", "c"));

        Assert.Contains("a:4001", alone.Message, StringComparison.Ordinal);
        Assert.Contains("c:4001", alone.Message, StringComparison.Ordinal);
        Assert.Contains("30 s", alone.Message, StringComparison.Ordinal);
        Assert.InRange(world.World.Time.Elapsed, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(32));
        Assert.Single(log.Lines, static line => line.Id == 1007);
        Assert.Null(LogTools.Describe(world.Disks["b"]).Node);
    });
}
