using Graft.Consensus;
using Graft.Network;

namespace Graft.Tests;

/// <summary>Nodes that go: each call about it ends in its time, and says what is so.</summary>
public sealed class PartingTests
{
    [Fact]
    public void Removing_nodes_that_are_dead_is_answered_in_time() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await world.StartAsync("d", "a");
        await world.StartAsync("e", "a");
        string[] followers = [.. world.Nodes.Where(pair => !pair.Value.Group().IsLeader).Select(pair => pair.Key)];
        NodeId[] dead = [world.Nodes[followers[0]].Id, world.Nodes[followers[1]].Id];
        foreach (string gone in followers[..2])
        {
            foreach (string other in world.Disks.Keys.Where(other => other != gone))
            {
                world.Network.Cut(gone, other);
            }
        }

        await world.World.DelayAsync(TimeSpan.FromSeconds(5));
        Roster roster = world.Nodes[followers[2]].Group().Roster;
        TimeSpan began = world.World.Time.Elapsed;
        MembersChanged changed = await roster.ChangeNowAsync(new MembersRequest(MembershipChange.None.Remove(dead[0]).Remove(dead[1])), TimeSpan.FromSeconds(1));

        Assert.Empty(changed.Told);
        Assert.True(world.World.Time.Elapsed - began <= TimeSpan.FromSeconds(1), $"{world.World.Time.Elapsed - began}");
    });

    [Fact]
    public void Calls_that_may_take_for_ever_have_one_outcome_wherever_they_are_made() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        int count = 0;
        foreach (GraftNode node in world.Nodes.Values)
        {
            string written = await NodeWorld.WriteAsync(node, "x", new WriteOptions { Timeout = TimeSpan.MaxValue });
            Assert.Equal($"{++count}:x", written);
            var request = new MembersRequest(MembershipChange.None.AddLearner(new NodeId((ulong)count))) { Addresses = [(new NodeId((ulong)count), NodeWorld.At("x"))] };
            Assert.False((await node.Group().Roster.PlanAsync(request, TimeSpan.MaxValue, CancellationToken.None)).IsRefused);
            await node.Group().Roster.ChangeNowAsync(request, TimeSpan.FromDays(60));
            Assert.Equal(3 + count, (await node.Group().Roster.ListAsync(TimeSpan.MaxValue, CancellationToken.None)).Members.Length);
        }

        Assert.Equal(3, count);
    });

    [Fact]
    public void A_leader_that_goes_by_force_says_what_became_of_it() => NodeWorld.Play(async world =>
    {
        GraftNode leader = await world.StartAsync("a");
        GraftNode stays = await world.StartAsync("b", "a");
        world.Configure = static (_, options) => options.JoinAs = MemberKind.Witness;
        await world.StartAsync("w", "a");
        world.Network.Cut("a", "b");
        world.Network.Cut("w", "b");
        await world.World.DelayAsync(TimeSpan.FromSeconds(1));

        // Nobody can follow it now, and the change waits for one that can.
        var request = new MembersRequest(MembershipChange.None.Remove(leader.Id)) { Force = true };
        Task<MembersChanged> change = leader.Group().Roster.ChangeNowAsync(request, TimeSpan.FromSeconds(20));
        await world.World.UntilAsync(() => leader.Group().Members.IsJoint, "it's begun");
        Assert.False(change.IsCompleted);
        world.Network.Heal("a", "b");
        world.Network.Heal("w", "b");

        MembersChanged changed = await change;
        await world.World.UntilAsync(() => stays.Group().IsLeader, "the other leads");
        Assert.Equal((changed.Index, 2), ((await stays.Group().Roster.ListNowAsync()).Index, stays.Group().Members.Members.Length));
    });
}
