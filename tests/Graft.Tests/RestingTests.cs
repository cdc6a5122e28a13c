namespace Graft.Tests;

/// <summary>Groups with nothing to do, in whole nodes.</summary>
public sealed class RestingTests
{
    [Fact]
    public void An_idle_cluster_rests_and_serves_as_before() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await NodeWorld.WriteAsync(world.Leader, "before");
        await UntilAtRestAsync(world);

        foreach (GraftNode node in world.Nodes.Values)
        {
            TimeSpan began = world.World.Time.Elapsed;
            await NodeWorld.WriteAsync(node, "write");
            Assert.EndsWith("write", await NodeWorld.ReadAsync(node), StringComparison.Ordinal);
            Assert.InRange(world.World.Time.Elapsed - began, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
            await UntilAtRestAsync(world);
        }
    });

    [Fact]
    public void A_leader_that_is_cut_off_at_rest_is_replaced_and_steps_down() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await NodeWorld.WriteAsync(world.Leader, "before");
        await UntilAtRestAsync(world);
        string old = world.Nodes.Single(pair => pair.Value.Group().IsLeader).Key;
        TimeSpan cut = world.World.Time.Elapsed;
        foreach (string other in world.Nodes.Keys.Where(name => name != old))
        {
            world.Network.Cut(old, other);
            world.Network.Cut(other, old);
        }

        await world.World.UntilAsync(
            () => world.Nodes.Any(pair => pair.Key != old && pair.Value.Group().IsLeader) && !world.Nodes[old].Group().IsLeader, "another leads");
        Assert.InRange(world.World.Time.Elapsed - cut, TimeSpan.Zero, TimeSpan.FromSeconds(3));
        foreach (string other in world.Nodes.Keys.Where(name => name != old))
        {
            world.Network.Heal(old, other);
            world.Network.Heal(other, old);
        }

        await NodeWorld.WriteAsync(world.Nodes[old], "after");
        await UntilAtRestAsync(world);
    });

    [Fact]
    public void A_group_rests_without_a_member_that_is_gone_and_brings_it_up_when_it_is_back() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        string gone = world.Nodes.First(pair => !pair.Value.Group().IsLeader).Key;
        await world.StopAsync(gone);
        await NodeWorld.WriteAsync(world.Leader, "missed");
        await UntilAtRestAsync(world);

        await world.StartAsync(gone, "a");
        await world.World.UntilAsync(() => world.Machines[gone].Applied.Count == 1, "it is brought up");
        await UntilAtRestAsync(world);
    });

    private static async Task UntilAtRestAsync(NodeWorld world)
    {
        for (int i = 0; i < 200; i++)
        {
            bool allRest = true;
            foreach (GraftNode node in world.Nodes.Values)
            {
                GroupStatus status = await node.Group().StatusAsync();
                allRest &= status.Raft!.IsResting;
            }

            if (allRest)
            {
                return;
            }

            await world.World.DelayAsync(TimeSpan.FromMilliseconds(100));
        }

        Assert.Fail("Twenty seconds without work, and somebody doesn't rest.");
    }
}
