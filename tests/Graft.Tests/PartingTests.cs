using Graft.Consensus;
using Graft.Network;

namespace Graft.Tests;

/// <summary>Nodes that go: each call about it ends in its time, and says what is so.</summary>
public sealed class PartingTests
{
    private static readonly GroupId Second = new(2);

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
    public void Leaving_may_take_as_long_as_it_takes() => NodeWorld.Play(async world =>
    {
        world.Configure = static (_, options) => (options.LeaveOnStop, options.LeaveTimeout, options.DefaultTimeout) = (true, TimeSpan.MaxValue, TimeSpan.MaxValue);
        await world.StartThreeAsync();
        string name = world.Nodes.First(pair => !pair.Value.Group().IsLeader).Key;
        GraftNode leaving = world.Nodes[name];

        await world.StopAsync(name);

        Assert.Contains("has left", leaving.Parting, StringComparison.Ordinal);
        Assert.Null(await leaving.Failed);
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
    public void A_node_that_cannot_leave_one_group_leaves_the_others_and_says_which() => NodeWorld.Play(async world =>
    {
        HaveSecond(world);
        world.Configure += static (_, options) => options.LeaveOnStop = true;
        GraftNode last = await world.StartAsync("a");
        GraftNode other = await world.StartAsync("b", "a");
        await last.Group().ChangeMembersAsync(MembershipChange.None.Remove(other.Id));

        await world.StopAsync("a");

        Assert.Contains($"has left {Second}", last.Parting, StringComparison.Ordinal);
        Assert.Contains($"the last voter of {GraftNode.DefaultGroup}", last.Parting, StringComparison.Ordinal);
        await world.World.UntilAsync(() => other.Group(Second) is { IsLeader: true, Members.Members.Length: 1 }, "the other leads alone");
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_node_that_is_removed_from_all_its_groups_at_once_stops_if_it_is_asked_to(ulong seed) => NodeWorld.Play(
        async world =>
        {
            HaveSecond(world);
            GraftNode founder = await world.StartAsync("a");
            GraftNode gone = await world.StartAsync("b", "a");

            // A group that it never belonged to.
            _ = gone.Group(new GroupId(3));
            var request = new MembersRequest(MembershipChange.None.Remove(gone.Id)) { StopRemoved = true };
            await Task.WhenAll(founder.Group().Roster.ChangeNowAsync(request), founder.Group(Second).Roster.ChangeNowAsync(request));

            await world.World.UntilAsync(() => gone.Failed.IsCompleted, "it has stopped");
            Assert.Null(await gone.Failed);
        },
        seed);

    [Fact]
    public void Leaving_all_groups_takes_one_deadline() => NodeWorld.Play(async world =>
    {
        HaveSecond(world);
        world.Configure += static (_, options) => (options.LeaveOnStop, options.LeaveTimeout) = (true, TimeSpan.FromSeconds(5));
        await world.StartAsync("a");
        GraftNode leaving = await world.StartAsync("b", "a");
        world.Network.Cut("a", "b");
        await world.World.DelayAsync(TimeSpan.FromSeconds(10));

        TimeSpan began = world.World.Time.Elapsed;
        await world.StopAsync("b");

        Assert.InRange(world.World.Time.Elapsed - began, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(7));
        Assert.Contains($"member of {GraftNode.DefaultGroup}", leaving.Parting, StringComparison.Ordinal);
        Assert.Contains($"member of {Second}", leaving.Parting, StringComparison.Ordinal);
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

    private static void HaveSecond(NodeWorld world)
    {
        world.Others = static (_, _) => new TestMachine();
        world.Configure = static (_, options) => options.Groups.Add(Second);
    }
}
