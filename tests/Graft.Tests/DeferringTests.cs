using Graft.Consensus;

namespace Graft.Tests;

/// <summary>Who shouldn't lead leaves it to others.</summary>
public sealed class DeferringTests
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    [Fact]
    public void A_clock_that_is_a_year_ahead_costs_leadership_and_never_reaches_the_log() => NodeWorld.Play(async world =>
    {
        var log = new TestLog();
        world.Skews["b"] = Year;
        world.Configure = (name, options) => options.Logger = name == "b" ? log : null;
        await world.StartThreeAsync();
        // Clocks are told in milliseconds.
        DateTimeOffset begun = world.World.Time.GetUtcNow() - TimeSpan.FromMilliseconds(2);
        GraftNode ahead = world.Nodes["b"];
        await LeadAsync(world, ahead);

        string written = await NodeWorld.WriteAsync(ahead, "by a leader that is ahead");

        Assert.Equal("1:by a leader that is ahead", written);
        await world.World.UntilAsync(() => world.Nodes.Values.Any(node => node != ahead && node.Group().IsLeader), "another leads");
        await NodeWorld.WriteAsync(ahead, "by another");
        DateTimeOffset now = world.World.Time.GetUtcNow();
        await world.World.UntilAsync(() => world.Machines.Values.All(static machine => machine.Places.Count == 2), "all have applied all");
        Assert.All(world.Machines.Values, machine => Assert.All(machine.Places, place => Assert.InRange(place.Time, begun, now)));
        Assert.Equal(1, log.Count(1214));
        GroupStatus status = await ahead.Group().StatusAsync();
        Assert.InRange(status.ClockExcess, Year - TimeSpan.FromSeconds(1), Year + TimeSpan.FromSeconds(1));
        Assert.Contains("Set the clock", status.Explain(), StringComparison.Ordinal);
    });

    [Fact]
    public void Who_agrees_with_a_majority_leads_whatever_one_clock_says() => NodeWorld.Play(async world =>
    {
        world.Skews["c"] = -Year;
        await world.StartThreeAsync();
        GraftNode leader = world.Leader;
        await LeadAsync(world, world.Nodes["b"]);

        await NodeWorld.WriteAsync(leader, "x");
        await world.World.DelayAsync(TimeSpan.FromSeconds(30));

        Assert.Same(world.Nodes["b"], world.Leader);
        Assert.Equal(TimeSpan.Zero, (await world.Nodes["b"].Group().StatusAsync()).ClockExcess);
    });

    [Fact]
    public void Who_is_ahead_leads_on_while_nobody_else_can() => NodeWorld.Play(async world =>
    {
        world.Skews["a"] = Year;
        await world.StartAsync("a");
        await world.StartAsync("b", "a");
        world.Configure = static (_, options) => options.JoinAs = MemberKind.Learner;
        await world.StartAsync("c", "a");
        world.Network.Cut("a", "c");
        await LeadAsync(world, world.Nodes["a"]);
        world.Network.Cut("a", "b");
        await world.World.DelayAsync(TimeSpan.FromMilliseconds(100));

        // Its last word on the clock of b is still known; nobody can be handed anything.
        Task<string> write = NodeWorld.WriteAsync(world.Nodes["a"], "x");
        await world.World.DelayAsync(TimeSpan.FromMilliseconds(100));
        world.Network.Heal("a", "b");

        Assert.Equal("1:x", await write);
        await world.World.UntilAsync(() => world.Nodes["b"].Group().IsLeader, "b leads in the end");
    });

    [Fact]
    public void A_node_whose_state_machine_has_stopped_and_that_is_elected_hands_leadership_over() => TestCluster.Play(nodes: 3, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("before");
        TestNode halted = cluster.Nodes.Find(node => node != cluster.Leader)!;
        halted.Machine.Poison = "poison";
        await cluster.Leader.WriteAsync("poison");
        await cluster.UntilAsync(() => halted.Actor.View.Halted is not null);

        await cluster.Leader.Actor.TransferAsync(halted.Id, TimeSpan.FromSeconds(5));
        await cluster.UntilAsync(() => halted.Actor.View.Role == Role.Leader);
        await Assert.ThrowsAsync<RejectedException>(() => halted.WriteAsync("refused"));

        await cluster.UntilAsync(() => cluster.Nodes.Exists(node => node != halted && node.Actor.View.Role == Role.Leader));
        await cluster.UntilLeaderAsync();
        Assert.Equal("3:after", await cluster.Leader.WriteAsync("after"));
    });

    private static async Task LeadAsync(NodeWorld world, GraftNode node)
    {
        if (!node.Group().IsLeader)
        {
            await node.Group().TransferLeadershipAsync(node.Id, default, CancellationToken.None);
        }

        await world.World.UntilAsync(() => world.Nodes.Values.All(each => each.Group().Leader == node.Id), "it leads");
    }
}
