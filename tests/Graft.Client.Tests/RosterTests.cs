using Graft.Consensus;
using Graft.Network;
using Graft.Tests;

namespace Graft.Client.Tests;

/// <summary>Members from outside: what a client is told is what the leader would say itself.</summary>
public sealed class RosterTests
{
    [Fact]
    public void A_refusal_is_the_same_at_the_leader_at_a_follower_and_at_a_client() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("c");
        NodeId leader = world.Leader.Id;
        GraftNode follower = world.Nodes.Values.First(node => node.Id != leader);
        (MembershipChange Change, LogIndex? Expected, MembershipRefusal Refusal)[] wrong =
        [
            (MembershipChange.None, null, MembershipRefusal.NothingToChange),
            (MembershipChange.None.Remove(new NodeId(1)), null, MembershipRefusal.NotMember),
            (MembershipChange.None.Add(follower.Id), null, MembershipRefusal.AlreadyMember),
            (MembershipChange.None.Add(new NodeId(1)), null, MembershipRefusal.NoAddress),
            (MembershipChange.None.Promote(follower.Id), null, MembershipRefusal.NotLearner),
            (MembershipChange.None.Remove(follower.Id).Demote(follower.Id), null, MembershipRefusal.EditedTwice),
            (MembershipChange.None.Remove(follower.Id), new LogIndex(1), MembershipRefusal.IndexMismatch),
            (world.Nodes.Values.Aggregate(MembershipChange.None, (change, node) => change.Remove(node.Id)), null, MembershipRefusal.NoVoterLeft),
        ];

        foreach ((MembershipChange change, LogIndex? expected, MembershipRefusal refusal) in wrong)
        {
            var request = new MembersRequest(change, expected);
            var told = new List<(MembershipRefusal, RejectReason, LogIndex, NodeId?, string)>();
            foreach (Roster roster in new[] { world.Leader.Group().Roster, follower.Group().Roster, client.Roster })
            {
                MembershipRefusedException refused = await Assert.ThrowsAsync<MembershipRefusedException>(() => roster.ChangeNowAsync(request));
                told.Add((refused.Refusal, refused.Reason, refused.Index, refused.Leader, refused.Message));
                MembersPlan plan = await roster.PlanNowAsync(request);
                Assert.Equal((refused.Refusal, refused.Message), (plan.Refusal, plan.Why));
            }

            Assert.Equal(refusal, told[0].Item1);
            Assert.All(told, each => Assert.Equal(told[0], each));
        }

        Assert.Equal(leader, world.Leader.Id);
    });

    [Fact]
    public void A_client_plans_changes_and_follows_through_a_node_that_does_not_lead() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        string follower = world.Nodes.First(pair => !pair.Value.Group().IsLeader).Key;
        world.Network.Cut("client", world.NameOfLeader());
        await using GraftClient client = world.Client(follower);
        NodeId demoted = world.Nodes[follower].Id;

        MembersPlan plan = await client.Roster.PlanNowAsync(new MembersRequest(MembershipChange.None.Demote(demoted)));
        MembersChanged changed = await client.Roster.ChangeNowAsync(plan.Request);
        var seen = new List<CatchUpProgress>();
        await foreach (CatchUpProgress step in client.Roster.FollowAsync(demoted, CancellationToken.None))
        {
            seen.Add(step);
        }

        Assert.Equal((MemberRole.Learner, CatchUpPhase.CaughtUp), (seen[^1].Member.Role, seen[^1].Phase));
        MembersView view = await client.Roster.ListNowAsync();
        Assert.Equal(changed.Index, view.Index);
        Assert.Equal(MemberRole.Learner, view.Find(demoted)?.Member.Role);
    });
}
