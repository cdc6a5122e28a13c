namespace Graft.Consensus.Tests;

/// <summary>Groups that have nothing to say: docs/internals/protocol.md, "Rest".</summary>
public sealed class RestTests
{
    private static readonly TimeSpan After = Lab.T * 2;

    [Fact]
    public void A_group_with_nothing_to_do_rests_and_needs_no_timer()
    {
        Lab lab = Resting();

        Assert.All(lab.Up, node => Assert.Equal(Instant.Never, node.Core.NextDeadline));
        Assert.Empty(lab.InFlight);
        lab.Run(Lab.T * 100);
        Assert.All(lab.Up, node => Assert.True(node.Core.IsResting));
        Assert.Equal(Role.Leader, lab[1].Role);
    }

    [Fact]
    public void It_takes_as_long_as_asked_for_and_a_write_begins_it_anew()
    {
        Lab lab = Group();
        lab.Run(After - (Lab.T / 2));
        lab.Propose(1, 7);
        lab.Run(After - (Lab.T / 4));

        Assert.All(lab.Up, node => Assert.False(node.Core.IsResting));
        lab.Run(Lab.T);
        Assert.All(lab.Up, node => Assert.True(node.Core.IsResting));
    }

    [Fact]
    public void A_write_wakes_those_whom_it_reaches_and_is_committed_at_once()
    {
        Lab lab = Resting();
        Proposal write = lab.Propose(1, 7);
        lab.Deliver();

        Assert.Equal(write.Last.Index, lab[1].Core.CommitIndex);
        Assert.All(lab.Up, node => Assert.False(node.Core.IsResting));
    }

    [Fact]
    public void A_lease_does_not_outlive_the_rest()
    {
        Lab lab = Resting();
        foreach (LabNode node in lab.Up)
        {
            Vouch(lab, node.Id.Value);
        }

        ReadId read = lab.Read(1, ReadLevel.Lease);
        Assert.Null(lab.ResultOf(read));
        lab.Deliver();
        Assert.Equal(ReadLevel.Linearizable, lab.ResultOf(read)!.Value.Level);
    }

    [Fact]
    public void A_follower_that_asks_wakes_its_leader_and_gets_its_answer()
    {
        Lab lab = Resting();
        ReadId read = lab.Read(3);
        lab.Deliver();

        Assert.Equal(ReadOutcome.Confirmed, lab.ResultOf(read)!.Value.Outcome);
        Assert.False(lab[1].Core.IsResting);
    }

    [Fact]
    public void A_follower_that_is_woken_by_another_lets_its_leader_know()
    {
        // Who can't reach the leader asks a resting follower. Were the leader not told, that follower would wait for a beat
        // that never comes, and the two of them would depose a leader that nothing is wrong with.
        Lab lab = Resting();
        Vouch(lab, 2);
        lab.CutBoth(1, 3);
        lab.Inject(lab.VoteRequest(3, 2, lab[2].Term.Value + 1) with { Kind = MessageKind.PreVote });
        Assert.False(lab[2].Core.IsResting);
        Assert.Equal(MessageReason.LeaderAlive, lab.LastSent(MessageKind.PreVoteReply, 2).Reason);

        lab.Run(Lab.T * 20);
        Assert.Equal(Role.Leader, lab[1].Role);
        Assert.Equal(new Term(2), lab[1].Term);
    }

    [Fact]
    public void Whoever_is_vouched_for_is_not_stood_against()
    {
        Lab lab = Resting();
        Vouch(lab, 2);
        lab.Skip(Lab.T / 2);
        lab[2].Core.Wake(Now(lab, 2));
        lab.Inject(lab.VoteRequest(3, 2, lab[2].Term.Value + 1) with { Kind = MessageKind.PreVote });

        Assert.Equal(MessageReason.LeaderAlive, lab.LastSent(MessageKind.PreVoteReply, 2).Reason);
    }

    [Fact]
    public void A_leader_that_fell_silent_is_replaced_once_the_hosts_say_so()
    {
        Lab lab = Resting();
        Vouch(lab, 2);
        Vouch(lab, 3);
        lab.Crash(1);
        foreach (ulong id in (ulong[])[2, 3])
        {
            lab[id].Core.Wake(Now(lab, id));
            lab.Settle(lab[id]);
        }

        Assert.True(lab.RunUntil(() => lab.Leader is { } leader && leader.Id != new NodeId(1), Lab.T * 4));
    }

    [Fact]
    public void A_leader_whose_followers_fell_silent_steps_down_after_its_rest()
    {
        Lab lab = Resting();
        lab.Crash(2);
        lab.Crash(3);
        lab.Skip(Lab.T * 10);
        lab[1].Core.Wake(Now(lab, 1));
        lab.Settle(lab[1]);
        lab.Run(Lab.T * 2);

        Assert.NotEqual(Role.Leader, lab[1].Role);
    }

    [Fact]
    public void A_group_rests_without_a_member_that_is_gone_and_not_without_one_that_lags()
    {
        Lab lab = Group();
        lab.Isolate(3);
        lab.Propose(1, 7);
        lab.Run(After + (Lab.T * 2));
        Assert.True(lab[1].Core.IsResting);
        Assert.True(lab[2].Core.IsResting);

        lab.Heal();
        lab[1].Core.Wake(Now(lab, 1));
        lab.Settle(lab[1]);
        lab.Stall(3);
        lab.Run(After + (Lab.T * 4));
        Assert.All(lab.Up, node => Assert.False(node.Core.IsResting && node.Role == Role.Leader));

        lab.Resume(3);
        lab.Run(After + (Lab.T * 2));
        Assert.All(lab.Up, node => Assert.True(node.Core.IsResting));
        Assert.Equal(lab[1].Core.CommitIndex, lab[3].Core.CommitIndex);
    }

    [Fact]
    public void A_single_voter_rests_by_itself()
    {
        var founding = Membership.Of([1]);
        var lab = new Lab(founding, Options);
        lab.Elect(1);
        lab.Run(After + Lab.T);

        Assert.True(lab[1].Core.IsResting);
    }

    private static Lab Group()
    {
        var lab = new Lab(Membership.Of([1, 2, 3]), Options);
        lab.Elect(1);
        return lab;
    }

    private static Lab Resting()
    {
        Lab lab = Group();
        lab.Run(After + Lab.T);
        Assert.All(lab.Up, node => Assert.True(node.Core.IsResting));
        return lab;
    }

    private static void Vouch(Lab lab, ulong id)
    {
        foreach (LabNode peer in lab.Up)
        {
            lab[id].Core.Vouch(peer.Id, Now(lab, id), Now(lab, id));
        }
    }

    private static Instant Now(Lab lab, ulong id) => lab[id].Clock.Read(lab.Now);

    private static RaftOptions Options(ulong id, Incarnation incarnation) => new()
    {
        Cluster = Lab.Cluster,
        Node = new NodeId(id),
        Incarnation = incarnation,
        Seed = id ^ ((ulong)incarnation.Value << 32),
        RestAfter = After,
    };
}
