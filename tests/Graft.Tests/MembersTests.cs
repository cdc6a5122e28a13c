using System.Text;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Tests;

/// <summary>Members as operators change them: from any node, planned first, refused with reasons.</summary>
public sealed class MembersTests
{
    [Fact]
    public void A_plan_says_what_a_change_would_do_and_changes_nothing() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        NodeId gone = Follower(world).Id;

        foreach (GraftNode asked in world.Nodes.Values)
        {
            MembersPlan plan = await asked.Group().Roster.PlanNowAsync(new MembersRequest(MembershipChange.None.Remove(gone)));

            Assert.False(plan.IsRefused, plan.Why);
            Assert.Equal((3, 2, 1), (plan.QuorumNow.Voters, plan.QuorumNow.Size, plan.QuorumNow.Tolerance));
            Assert.Equal((2, 2, 0), (plan.QuorumAfter.Voters, plan.QuorumAfter.Size, plan.QuorumAfter.Tolerance));
            Assert.Equal([PlanWarningKind.EvenVoters, PlanWarningKind.ToleratesNothing], plan.Warnings.Select(warning => warning.Kind));
            Assert.True(plan.Now.Find(gone) is { IsReachable: true, Lag: 0, Phase: CatchUpPhase.CaughtUp });
            Assert.Equal(["a:4001", "b:4001", "c:4001"], plan.Now.Members.Select(member => member.Address).Order());
        }

        Assert.Equal(3, world.Leader.Group().Members.Members.Length);
    });

    [Fact]
    public void A_plan_is_made_as_it_was_planned_or_refused_with_the_configuration_that_came_between() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        Roster roster = Follower(world).Group().Roster;
        MembersPlan first = await roster.PlanNowAsync(new MembersRequest(MembershipChange.None.Demote(Follower(world).Id)));
        MembersPlan second = await roster.PlanNowAsync(new MembersRequest(MembershipChange.None.Remove(Follower(world).Id)));

        MembersChanged changed = await roster.ChangeNowAsync(first.Request);
        MembershipRefusedException late = await Assert.ThrowsAsync<MembershipRefusedException>(() => roster.ChangeNowAsync(second.Request));

        Assert.Equal(MembershipRefusal.IndexMismatch, late.Refusal);
        Assert.Equal(changed.Index, late.Index);
        Assert.Contains($"{changed.Index} by now, not that of index {second.Now.Index}", late.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void Several_members_change_in_one_step_and_all_or_none_of_them() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        world.Configure = (_, options) => options.JoinAs = MemberKind.Learner;
        GraftNode learner = await world.StartAsync("d", "b");
        await FollowToEndAsync(world, learner.Id);
        NodeId[] followers = [.. world.Nodes.Values.Where(node => !node.Group().IsLeader && node != learner).Select(node => node.Id)];

        MembershipChange wrong = MembershipChange.None.Promote(learner.Id).Remove(followers[0]).Demote(new NodeId(1));
        MembershipRefusedException refused = await Assert.ThrowsAsync<MembershipRefusedException>(() => learner.Group().ChangeMembersAsync(wrong));
        Assert.Equal(MembershipRefusal.NotMember, refused.Refusal);
        Assert.Equal(4, world.Leader.Group().Members.Members.Length);

        await learner.Group().ChangeMembersAsync(MembershipChange.None.Promote(learner.Id).Remove(followers[0]).Demote(followers[1]));
        Membership members = world.Leader.Group().Members;
        Assert.Equal(3, members.Members.Length);
        Assert.Equal((2, MemberRole.Learner), (members.IncomingVoters.Length, members.Find(followers[1])!.Value.Role));
    });

    [Fact]
    public void A_change_that_the_voters_who_answer_could_not_commit_is_refused_unless_forced() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        string[] followers = [.. world.Nodes.Where(pair => !pair.Value.Group().IsLeader).Select(pair => pair.Key)];
        NodeId alive = world.Nodes[followers[0]].Id;
        NodeId dead = world.Nodes[followers[1]].Id;
        await world.StopAsync(followers[1]);
        await world.World.DelayAsync(TimeSpan.FromSeconds(2));
        Roster roster = world.Leader.Group().Roster;
        var request = new MembersRequest(MembershipChange.None.Remove(alive));

        MembershipRefusedException refused = await Assert.ThrowsAsync<MembershipRefusedException>(() => roster.ChangeNowAsync(request));
        Assert.Equal(MembershipRefusal.QuorumUnreachable, refused.Refusal);
        Assert.Contains($"1 of 2 voters answer ({dead} don't), and 2 are needed", refused.Message, StringComparison.Ordinal);
        Assert.Equal(MembershipRefusal.QuorumUnreachable, (await roster.PlanNowAsync(request)).Refusal);

        // The dead one may be removed: those who are left answer.
        MembersPlan sound = await roster.PlanNowAsync(new MembersRequest(MembershipChange.None.Remove(dead)));
        Assert.Contains(sound.Warnings, warning => warning.Kind == PlanWarningKind.RemovedUnreachable);

        MembersPlan forced = await roster.PlanNowAsync(request with { Force = true });
        Assert.Contains(forced.Warnings, warning => warning.Kind == PlanWarningKind.QuorumUnreachable);
        await Assert.ThrowsAsync<UnknownOutcomeException>(() => roster.ChangeNowAsync(request with { Force = true }, TimeSpan.FromSeconds(3)));
        await world.StartAsync(followers[1]);
        await world.World.UntilAsync(() => world.Nodes.Values.Any(node => node.Group() is { IsLeader: true, Members: { IsJoint: false, Members.Length: 2 } }), "it's done");
    });

    [Fact]
    public void A_leader_that_is_demoted_or_removed_hands_leadership_over_first() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        GraftNode first = world.Leader;
        MembersPlan plan = await first.Group().Roster.PlanNowAsync(new MembersRequest(MembershipChange.None.Demote(first.Id)));
        Assert.Contains(plan.Warnings, warning => warning.Kind == PlanWarningKind.LeaderLeaves);

        TimeSpan began = world.World.Time.Elapsed;
        await first.Group().Roster.ChangeNowAsync(plan.Request);
        Assert.NotSame(first, world.Leader);
        Assert.Equal(plan.Successor, world.Leader.Id);
        Assert.Equal(MemberRole.Learner, world.Leader.Group().Members.Find(first.Id)!.Value.Role);

        GraftNode second = world.Leader;
        await FollowToEndAsync(world, first.Id);
        await first.Group().ChangeMembersAsync(MembershipChange.None.Promote(first.Id).Remove(second.Id));
        Assert.NotSame(second, world.Leader);
        Assert.False(world.Leader.Group().Members.Contains(second.Id));
        Assert.True(world.World.Time.Elapsed - began < TimeSpan.FromSeconds(1), $"{world.World.Time.Elapsed - began}");
        Assert.Equal("1:x", await NodeWorld.WriteAsync(first, "x"));
    });

    [Fact]
    public void Who_is_removed_is_told_and_idles_and_disturbs_nobody() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        GraftNode gone = Follower(world);
        MembersChanged changed = await world.Leader.Group().Roster.ChangeNowAsync(new MembersRequest(MembershipChange.None.Remove(gone.Id)));

        Assert.Equal([gone.Id], changed.Told);
        Removal removal = await gone.Removed;
        Assert.Equal((changed.Index, false), (removal.Index, removal.ShallStop));
        Term term = (await world.Leader.Group().StatusAsync()).Term;
        await world.World.DelayAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(term, (await world.Leader.Group().StatusAsync()).Term);
        Assert.Equal(Leaderlessness.Removed, (await gone.Group().StatusAsync()).Raft!.WhyNoLeader);
        Assert.False(gone.Failed.IsCompleted);
        RejectedException refused = await Assert.ThrowsAsync<RejectedException>(() => gone.Group().ChangeMembersAsync(MembershipChange.None.Add(gone.Id)));
        Assert.Equal(RejectReason.Removed, refused.Reason);
        Assert.Contains("was removed", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<RejectedException>(() => NodeWorld.WriteAsync(gone, "x"));
        Assert.Equal(RejectReason.Removed, refused.Reason);
    });

    [Fact]
    public void Who_is_removed_stops_if_it_is_asked_to() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        GraftNode gone = Follower(world);

        await Follower(world).Group().Roster.ChangeNowAsync(new MembersRequest(MembershipChange.None.Remove(gone.Id)) { StopRemoved = true });

        Assert.True((await gone.Removed).ShallStop);
        Assert.Null(await gone.Failed);
        Assert.Equal(2, world.Nodes.Values.First(node => node.Group().IsLeader).Group().Members.Members.Length);
    });

    [Fact]
    public void Who_was_removed_while_it_was_away_finds_out_when_it_comes_back_and_may_be_added_again() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        string name = world.Nodes.First(pair => !pair.Value.Group().IsLeader).Key;
        NodeId gone = world.Nodes[name].Id;
        await world.StopAsync(name);
        await world.Leader.Group().ChangeMembersAsync(MembershipChange.None.Remove(gone));

        GraftNode back = await world.StartAsync(name);
        Removal removal = await back.Removed;
        Assert.False(removal.ShallStop);
        Assert.Equal(2, world.Leader.Group().Members.Members.Length);

        MembershipRefusedException unknown = await Assert.ThrowsAsync<MembershipRefusedException>(
            () => world.Leader.Group().ChangeMembersAsync(MembershipChange.None.Add(gone)));
        Assert.Equal(MembershipRefusal.NoAddress, unknown.Refusal);
        await world.Leader.Group().Roster.ChangeNowAsync(new MembersRequest(MembershipChange.None.Add(gone)) { Addresses = [(gone, NodeWorld.At(name))] });
        await world.World.UntilAsync(() => back.Group().Members.Find(gone) is { Role: MemberRole.Voter } && back.Group().Leader is not null, "it's a voter again");
    });

    [Fact]
    public void Who_was_away_while_all_that_it_knew_were_replaced_finds_out_from_those_that_came_after_them() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        NodeId gone = world.Nodes["c"].Id;
        (NodeId first, NodeId second) = (world.Nodes["a"].Id, world.Nodes["b"].Id);
        await world.StopAsync("c");
        await world.StartAsync("d", "a", "b");
        await world.StartAsync("e", "a", "b");
        await world.Leader.Group().ChangeMembersAsync(MembershipChange.None.Remove(gone).Remove(first));
        await world.World.UntilAsync(() => world.Nodes.Values.Count(static node => node.Group().IsLeader) == 1, "one node leads");
        await world.Leader.Group().ChangeMembersAsync(MembershipChange.None.Remove(second));

        // Both that it knows idle, and follow nobody.
        await world.Nodes["a"].Removed;
        await world.Nodes["b"].Removed;
        GraftNode back = await world.StartAsync("c");
        TimeSpan began = world.World.Time.Elapsed;

        await back.Removed;

        Assert.True(world.World.Time.Elapsed - began < TimeSpan.FromSeconds(10), $"{world.World.Time.Elapsed - began}");
    });

    [Fact]
    public void One_node_takes_the_place_of_another_once_it_has_caught_up() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await WriteManyAsync(world.Leader, 50);
        world.Configure = (_, options) => options.JoinAs = MemberKind.Learner;
        GraftNode incoming = await world.StartAsync("d", "a");
        GraftNode outgoing = Follower(world);
        var seen = new List<CatchUpProgress>();

        await outgoing.Group().Roster.ReplaceAsync(outgoing.Id, incoming.Id, address: null, stopRemoved: false, new Steps(seen), CancellationToken.None);

        Membership members = world.Leader.Group().Members;
        Assert.Equal(3, members.IncomingVoters.Length);
        Assert.False(members.Contains(outgoing.Id));
        Assert.True(members.IsVoter(incoming.Id));
        Assert.True(seen[^1].IsEnd);
    });

    [Fact]
    public void Catching_up_is_followed_through_the_snapshot_and_the_log() => NodeWorld.Play(async world =>
    {
        world.TrailingEntries = 0;
        var seen = new List<CatchUpProgress>();
        GraftNode founder = await world.StartAsync("a");
        string large = new('x', 100_000);
        for (int i = 0; i < 20; i++)
        {
            await NodeWorld.WriteAsync(founder, $"{large}{i}");
        }

        await founder.Group().TakeSnapshotAsync();
        world.Configure = (_, options) => options.JoinProgress = new Steps(seen);

        GraftNode joined = await world.StartAsync("b", "a");

        Assert.True(seen[^1].IsEnd);
        Assert.Equal((MemberRole.Voter, CatchUpPhase.CaughtUp), (seen[^1].Member.Role, seen[^1].Phase));
        Assert.All(seen.Where(step => step.Phase == CatchUpPhase.Snapshot), step => Assert.True(step.BytesDone + step.BytesLeft > 2_000_000, step.ToString()));
        MembersView view = await joined.Group().Roster.ListNowAsync();
        Assert.Equal(founder.Id, view.Leader);
    });

    [Fact]
    public void A_node_that_comes_back_elsewhere_tells_the_group_where() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        string name = world.Nodes.First(pair => !pair.Value.Group().IsLeader).Key;
        NodeId moved = world.Nodes[name].Id;
        await world.StopAsync(name);

        world.Configure = (_, options) => options.Listen = new NodeAddress("elsewhere", 4001);
        GraftNode back = await world.StartAsync(name, [.. world.Nodes.Keys]);
        Assert.Equal(moved, back.Id);
        while ((await world.Leader.Group().Roster.ListNowAsync()).Find(moved)?.Address != "elsewhere:4001")
        {
            await world.World.DelayAsync(TimeSpan.FromMilliseconds(100));
            Assert.True(world.World.Time.Elapsed < TimeSpan.FromMinutes(2), "Nobody was told.");
        }

        Assert.Equal("1:x", await NodeWorld.WriteAsync(back, "x"));
    });

    [Fact]
    public void A_member_is_moved_by_an_operator_and_a_stranger_is_not() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        Roster roster = Follower(world).Group().Roster;
        LogIndex before = (await roster.ListNowAsync()).Index;

        await roster.MoveNowAsync(Follower(world).Id, new NodeAddress("b2", 4001));

        MembersView view = await roster.ListNowAsync();
        Assert.Equal("b2:4001", view.Find(Follower(world).Id)?.Address);
        Assert.Equal(before, view.Index);
        MembershipRefusedException refused = await Assert.ThrowsAsync<MembershipRefusedException>(() => roster.MoveNowAsync(new NodeId(1), new NodeAddress("b2", 4001)));
        Assert.Equal(MembershipRefusal.NotMember, refused.Refusal);
    });

    [Fact]
    public void A_node_that_leaves_when_it_stops_is_gone_and_the_last_voter_stays() => NodeWorld.Play(async world =>
    {
        world.Configure = (_, options) => options.LeaveOnStop = true;
        await world.StartThreeAsync();
        for (int left = 2; left > 0; left--)
        {
            GraftNode leaving = world.Leader;
            string name = world.Nodes.Single(pair => pair.Value == leaving).Key;
            TimeSpan began = world.World.Time.Elapsed;
            await world.StopAsync(name);

            Assert.True(world.World.Time.Elapsed - began < TimeSpan.FromSeconds(2), $"{world.World.Time.Elapsed - began} to leave.");
            Assert.Contains("has left", leaving.Parting, StringComparison.Ordinal);
            await world.World.UntilAsync(() => world.Nodes.Values.Any(node => node.Group().IsLeader), "somebody leads");
            Assert.Equal(left, world.Leader.Group().Members.Members.Length);
            await NodeWorld.WriteAsync(world.Leader, $"{left}");
        }

        GraftNode last = world.Leader;
        await world.StopAsync(world.Nodes.Keys.Single());
        Assert.Contains("last voter", last.Parting, StringComparison.Ordinal);
    });

    [Fact]
    public void A_node_that_cannot_leave_in_time_stops_all_the_same() => NodeWorld.Play(async world =>
    {
        world.Configure = (_, options) => (options.LeaveOnStop, options.LeaveTimeout) = (true, TimeSpan.FromSeconds(3));
        await world.StartThreeAsync();
        string name = world.Nodes.First(pair => !pair.Value.Group().IsLeader).Key;
        GraftNode leaving = world.Nodes[name];
        foreach (string other in world.Nodes.Keys.Where(other => other != name))
        {
            world.Network.Cut(name, other);
        }

        TimeSpan began = world.World.Time.Elapsed;
        await world.StopAsync(name);

        Assert.InRange(world.World.Time.Elapsed - began, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(6));
        Assert.Contains("couldn't leave", leaving.Parting, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Members_change_while_connections_break_and_nothing_is_lost(ulong seed) => NodeWorld.Play(
        async world =>
        {
            var random = new SeededRandom(seed);
            await world.StartThreeAsync();
            world.Configure = static (_, options) => options.JoinAs = MemberKind.Learner;
            await world.StartAsync("d", "a");
            var written = new List<string>();
            for (int round = 0; round < 25; round++)
            {
                GraftNode asked = Any(world, random);
                Task<Exception?> change = TryAsync(asked.Group().Roster.ChangeNowAsync(new MembersRequest(Draw(world, random)), TimeSpan.FromSeconds(5)));
                string command = $"c{round}";
                Task<Exception?> write = TryAsync(NodeWorld.WriteAsync(Any(world, random), command));
                await world.World.DelayAsync(TimeSpan.FromMilliseconds(random.Next(0, 30)));
                string[] names = [.. world.Nodes.Keys];
                world.Network.Reset(names[random.Next(0, 3)], names[random.Next(0, 3)]);
                Exception? ended = await change;
                Assert.True(ended is null or RejectedException or UnknownOutcomeException, ended?.ToString());
                if (await write is not { } failure)
                {
                    written.Add(command);
                }
                else
                {
                    Assert.True(failure is RejectedException or UnknownOutcomeException, failure.ToString());
                }
            }

            await world.World.UntilAsync(() => world.Nodes.Values.Count(node => node.Group().IsLeader) == 1, "one leads");
            GraftNode leader = world.Leader;
            await NodeWorld.WriteAsync(leader, "last");
            foreach ((string name, GraftNode node) in world.Nodes)
            {
                Assert.False(node.Failed.IsCompleted, $"{name} has failed.");
                if (leader.Group().Members.Contains(node.Id))
                {
                    await world.World.UntilAsync(() => world.Machines[name].Applied.Contains("last"), $"{name} has all");
                    Assert.All(written, command => Assert.Single(world.Machines[name].Applied, command));
                }
            }
        },
        seed);

    private static GraftNode Any(NodeWorld world, SeededRandom random) => world.Nodes.Values.ElementAt(random.Next(0, world.Nodes.Count - 1));

    private static MembershipChange Draw(NodeWorld world, SeededRandom random)
    {
        NodeId one = Any(world, random).Id;
        NodeId other = Any(world, random).Id;
        return random.Next(0, 3) switch
        {
            0 => MembershipChange.None.Demote(one),
            1 => MembershipChange.None.Promote(one),
            2 when one != other => MembershipChange.None.Promote(one).Demote(other),
            _ => MembershipChange.None.Promote(one),
        };
    }

    private static async Task<Exception?> TryAsync(Task task)
    {
        try
        {
            await task;
            return null;
        }
        catch (GraftException failure)
        {
            return failure;
        }
    }

    private static GraftNode Follower(NodeWorld world) => world.Nodes.Values.First(node => !node.Group().IsLeader && node.Group().Leader is not null);

    private static async Task FollowToEndAsync(NodeWorld world, NodeId node)
    {
        await foreach (CatchUpProgress step in world.Leader.Group().Roster.FollowAsync(node, CancellationToken.None))
        {
            Assert.NotEqual(CatchUpPhase.TooSlow, step.Phase);
        }
    }

    private static async Task WriteManyAsync(GraftNode node, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await node.Group().WriteAsync(Encoding.UTF8.GetBytes($"c{i}"), default, CancellationToken.None);
        }
    }

    private sealed class Steps(List<CatchUpProgress> seen) : IProgress<CatchUpProgress>
    {
        public void Report(CatchUpProgress value) => seen.Add(value);
    }
}
