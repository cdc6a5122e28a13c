using Graft.Consensus;
using Graft.Network;

namespace Graft.Tests;

/// <summary>A node that has met what can't be stops as a whole, and the others go on without it.</summary>
public sealed class FailedNodeTests
{
    private static readonly GroupId Ninth = new(9);

    [Fact]
    public void A_node_that_fails_while_its_groups_rest_is_replaced_in_all_of_them() => NodeWorld.Play(async world =>
    {
        var broken = new InvalidOperationException("The program can't make it.");
        string failing = "b";
        world.Others = (name, _) => name == failing ? throw broken : new TestMachine();
        world.Configure = (name, options) =>
        {
            if (name == "a")
            {
                options.Groups.Add(Ninth);
            }
        };
        await world.StartThreeAsync();
        GraftNode node = world.Nodes[failing];
        await world.Leader.Group().TransferLeadershipAsync(node.Id, cancellation: CancellationToken.None);
        await NodeWorld.WriteAsync(node, "before");
        await world.World.DelayAsync(TimeSpan.FromSeconds(10));
        Assert.True(node.Group().IsLeader);

        // A message of a peer comes for a group that its program can't make.
        await world.Nodes["a"].Group(Ninth).Roster.ChangeNowAsync(
            new MembersRequest(MembershipChange.None.AddLearner(node.Id)) { Addresses = [(node.Id, NodeWorld.At(failing))] });
        Assert.Same(broken, await node.Failed);

        TimeSpan failed = world.World.Time.Elapsed;
        await world.World.UntilAsync(() => world.Nodes.Any(pair => pair.Key != failing && pair.Value.Group().IsLeader), "another leads");
        Assert.True(world.World.Time.Elapsed - failed < TimeSpan.FromSeconds(3), $"{world.World.Time.Elapsed - failed}");
        Assert.Equal("2:after", await NodeWorld.WriteAsync(world.Nodes["a"], "after"));
        Assert.Equal(RejectReason.Stopping, (await Assert.ThrowsAsync<RejectedException>(() => NodeWorld.WriteAsync(node, "nowhere"))).Reason);
        Assert.False(node.Group().IsLeader && !node.Group().Leadership.IsCancellationRequested);
    });

    [Fact]
    public void A_leader_whose_group_alone_has_ended_is_given_up_by_who_passes_something_on() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await NodeWorld.WriteAsync(world.Leader, "before");
        await world.World.DelayAsync(TimeSpan.FromSeconds(10));
        GraftNode leader = world.Leader;
        leader.Runtime.Find(GraftNode.DefaultGroup)!.Abandon("The test says so.");
        GraftNode other = world.Nodes.Values.First(node => node != leader);

        Assert.Equal("2:after", await NodeWorld.WriteAsync(other, "after"));

        Assert.False(leader.Failed.IsCompleted);
    });
}
