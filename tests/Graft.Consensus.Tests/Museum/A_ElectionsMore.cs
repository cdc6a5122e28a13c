using System.Globalization;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits A13 to A24: timers, duplicates, terms and whose business a vote is.</summary>
public sealed class A_ElectionsMore
{
    [Fact] // A13: identical timers made elections collide again and again (hashicorp cda1ee8).
    public void Five_nodes_that_start_together_agree_within_three_rounds()
    {
        var rounds = new List<ulong>();
        for (ulong seed = 0; seed < 300; seed++)
        {
            ulong salt = seed << 8;
            var lab = new Lab(Membership.Of(1, 2, 3, 4, 5), (id, incarnation) => Seeded(id, incarnation, salt + id));

            Assert.True(lab.RunUntil(() => lab.Leader is not null, Lab.T * 20));
            rounds.Add(lab.Leader!.Term.Value - 1);
        }

        rounds.Sort();
        Assert.InRange(rounds[rounds.Count * 99 / 100], 1UL, 3UL);
    }

    [Fact] // A13: a timeout that is drawn once collides for ever with its like.
    public void Every_election_timeout_is_drawn_anew()
    {
        var lab = new Lab(1, 2, 3);
        lab.Isolate(1);
        lab.Isolate(2);
        lab.Isolate(3);
        var waits = new HashSet<long>();
        for (int election = 0; election < 20; election++)
        {
            Instant due = lab[1].Core.NextDeadline;
            lab.Run(due - lab.Now);
            waits.Add((lab[1].Core.NextDeadline - due).Ticks);
        }

        Assert.True(waits.Count > 15, string.Create(CultureInfo.InvariantCulture, $"{waits.Count} different timeouts in 20 elections."));
    }

    [Fact] // A14: the first heartbeat of a new leader came an election timeout late (willemt 51e049f).
    public void A_leader_speaks_in_the_step_in_which_it_wins()
    {
        var lab = new Lab(1, 2, 3);
        lab.TimeOut(1);
        lab.Deliver(Lab.Of(MessageKind.PreVote));
        lab.Deliver(Lab.Of(MessageKind.PreVoteReply));
        lab.Deliver(Lab.Of(MessageKind.RequestVote));

        lab.DeliverOne(Lab.Of(MessageKind.RequestVoteReply));

        Assert.Equal(Role.Leader, lab[1].Role);
        Assert.Equal(2, lab.CountSent(MessageKind.Heartbeat, from: 1));
    }

    [Fact] // A14: appends of an older term zeroed the timer, so a deposed leader kept its followers quiet.
    public void A_deposed_leader_keeps_nobody_quiet()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Elect(3);
        Term before = lab[2].Term;
        lab.Isolate(3);

        for (int i = 0; i < 20; i++)
        {
            lab.Inject(lab.Draft(MessageKind.Heartbeat, from: 1, to: 2, term: 2) with { Round = 1 });
            lab.Run(Lab.T / 5);
        }

        Assert.True(lab[2].Term > before);
    }

    [Theory] // A15: a second writer raised the term under a leader, which stamped its entry with it (hashicorp#695).
    [InlineData(true)]
    [InlineData(false)]
    public void An_entry_bears_the_term_in_which_its_leader_was_elected(bool termComesFirst)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        Message news = lab.Draft(MessageKind.HeartbeatReply, from: 2, to: 1, term: 6);

        if (termComesFirst)
        {
            lab.Inject(news);
        }

        Proposal proposal = lab.Propose(1, payload: 1);
        if (!termComesFirst)
        {
            lab.Inject(news);
        }

        Assert.Equal(termComesFirst ? ProposalRefusal.NotLeader : ProposalRefusal.None, proposal.Refusal);
        Assert.Equal(new Term(2), lab[1].Last.Term);
        Assert.Equal(new Term(6), lab[1].Term);
    }

    [Fact] // A16: a vote that came five times was counted five times (coyote-samples#8).
    public void A_repeated_vote_is_one_vote()
    {
        var lab = new Lab(1, 2, 3, 4, 5);
        lab.Hold(Lab.Of(MessageKind.RequestVote));
        lab.TimeOut(1);
        lab.Deliver();
        lab.Duplicate(Lab.Of(MessageKind.RequestVoteReply, from: 2, to: 1), copies: 5);

        lab.Release(Lab.To(2));
        lab.Deliver();

        Assert.Equal(Role.Candidate, lab[1].Role);
    }

    [Fact] // A17: a candidate that the joint configuration makes a non-voter didn't vote for itself (scylla#10618).
    public void The_old_voter_of_a_joint_configuration_still_wins_and_ends_the_change()
    {
        var lab = new Lab(1);
        lab.Elect(1);
        lab.Join(2);
        lab.Change(1, MembershipChange.None.AddLearner(new NodeId(2)));
        lab.Deliver();
        lab.Run(Lab.Ms(200));

        lab.CutBoth(1, 2);
        MembershipProposal change = lab.Change(1, MembershipChange.None.Demote(new NodeId(1)).Promote(new NodeId(2)));
        Assert.True(change.IsAppended);
        lab.Run(Lab.T * 4);
        Assert.NotEqual(Role.Leader, lab[1].Role);
        lab.Heal();
        lab.Run(Lab.T * 10);

        Assert.Equal(Role.Leader, lab[2].Role);
        Assert.Equal([new NodeId(2)], lab[2].Membership.IncomingVoters.ToArray());
        Assert.False(lab[1].Membership.IsJoint);
    }

    [Fact] // A18: two term variables let a late append lower the one that votes looked at (nebula#2405).
    public void A_late_append_of_an_older_term_frees_no_vote()
    {
        var lab = new Lab(1, 2, 3);
        lab.Inject(lab.Draft(MessageKind.Heartbeat, from: 3, to: 1, term: 4) with { Round = 1 });
        lab.Skip(Lab.T * 2);

        lab.Inject(lab.VoteRequest(from: 2, to: 1, term: 6));
        Assert.Equal(new NodeId(2), lab[1].VotedFor);
        lab.Inject(lab.Draft(MessageKind.AppendEntries, from: 3, to: 1, term: 4) with { Entry = EntryId.Of(1, 1), Last = new LogIndex(1) });
        lab.Inject(lab.VoteRequest(from: 3, to: 1, term: 6));

        Assert.Equal(new Term(6), lab[1].Term);
        Assert.Equal(new NodeId(2), lab[1].VotedFor);
        Assert.False(lab.LastSent(MessageKind.RequestVoteReply, from: 1).IsGranted);
    }

    [Fact] // A19: a manual election on a leader raised its term beside its leadership (openraft 4490c678).
    public void Standing_by_hand_does_nothing_to_whoever_leads_or_stands()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);

        Assert.False(lab.Campaign(1));
        Assert.Equal((Role.Leader, new Term(2)), (lab[1].Role, lab[1].Term));

        lab.Isolate(2);
        lab.Skip(Lab.T * 2);
        Assert.True(lab.Campaign(2));
        int sent = lab.CountSent(MessageKind.PreVote, from: 2);
        Assert.False(lab.Campaign(2));
        Assert.Equal(sent, lab.CountSent(MessageKind.PreVote, from: 2));
        Assert.Equal(new Term(2), lab[2].Term);
    }

    [Fact] // A20: a deposed leader named itself to its clients (willemt 14a4e6a, NuRaft#116).
    public void A_deposed_leader_names_nobody_until_it_hears_the_next_one()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);

        lab.Inject(lab.Draft(MessageKind.HeartbeatReply, from: 2, to: 1, term: 6));

        Assert.Equal(Role.Follower, lab[1].Role);
        Assert.Null(lab[1].Leader);
    }

    [Fact] // A21: the vote named in a refusal was adopted as one's own (openraft b06cbb37).
    public void From_a_refusal_only_the_term_is_learnt()
    {
        var lab = new Lab(1, 2, 3);
        lab.Hold(Lab.Of(MessageKind.RequestVote));
        lab.TimeOut(1);
        lab.Deliver();
        Message asked = lab.LastSent(MessageKind.RequestVote, from: 1);

        lab.Inject(lab.Draft(MessageKind.RequestVoteReply, from: 3, to: 1, term: 7) with { Sequence = asked.Sequence });

        Assert.Equal((new Term(7), Role.Follower), (lab[1].Term, lab[1].Role));
        Assert.Null(lab[1].VotedFor);
    }

    [Fact] // A22: a compacted log was offered with term 0 and compared with the snapshot's (RedisLabs/raft fab583d).
    public void A_log_that_is_all_snapshot_wins_as_any_other()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Propose(1, payload: 1);
        lab.Deliver();
        lab.Run(Lab.Ms(20));
        Assert.All(lab.Nodes, node => Assert.True(lab.Snapshot(node.Id.Value)));
        Assert.All(lab.Nodes, node => Assert.Equal(node.Core.Log.Base, node.Last));
        lab.Crash(2);
        lab.Restart(2);

        lab.Crash(1);
        lab.Elect(2);

        Assert.Equal(EntryId.Of(2, 3), lab.LastSent(MessageKind.RequestVote, from: 2).LastEntry);
    }

    [Fact] // A23: a leader's vote reply bore the term that it had just left (nats-server#5021).
    public void A_leader_that_grants_a_vote_answers_in_the_new_term()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);

        lab.Inject(lab.VoteRequest(from: 2, to: 1, term: 3) with { Flags = MessageFlags.Transfer });

        Message reply = lab.LastSent(MessageKind.RequestVoteReply, from: 1);
        Assert.True(reply.IsGranted);
        Assert.Equal(new Term(3), reply.Term);
        Assert.Equal(new Term(3), lab[1].Disk.HardState.Term);
    }

    [Fact] // A24: a voter refused because it didn't know itself to be one (camunda#57386).
    public void A_node_votes_whatever_it_believes_itself_to_be()
    {
        var lab = new Lab(1, 2, 3);
        lab.Join(4);

        lab.Inject(lab.VoteRequest(from: 1, to: 4, term: 2));

        Assert.True(lab.LastSent(MessageKind.RequestVoteReply, from: 4).IsGranted);
    }

    [Theory] // A24: each step of a change, a crash of the leader there, and one follower that lags.
    [InlineData("add")]
    [InlineData("remove")]
    [InlineData("replace")]
    [InlineData("demote")]
    public void Wherever_a_change_stands_when_its_leader_dies_the_others_find_the_next(string what)
    {
        for (int steps = 0; steps < 40; steps += 3)
        {
            foreach (ulong lagging in (ulong[])[2, 3])
            {
                var lab = new Lab(1, 2, 3, 4, 5);
                lab.Join(6);
                lab.Elect(1);
                lab.Run(Lab.Ms(20));
                lab.Hold(message => message.To.Value == lagging && message.Kind == MessageKind.AppendEntries);
                Assert.True(lab.Change(1, ChangeOf(what)).IsAppended);
                for (int step = 0; step < steps && lab.DeliverOne(_ => true) is not null; step++)
                {
                }

                lab.Crash(1);
                lab.Release();
                lab.Run(Lab.T * 10);

                Assert.True(lab.Leader is { Commit: var commit } && commit == lab.Leader.Last.Index, $"{what}: {steps} steps, {lagging} lags.");
            }
        }
    }

    private static MembershipChange ChangeOf(string what) => what switch
    {
        "add" => MembershipChange.None.Add(new NodeId(6)),
        "remove" => MembershipChange.None.Remove(new NodeId(5)),
        "replace" => MembershipChange.None.Remove(new NodeId(5)).Add(new NodeId(6)),
        _ => MembershipChange.None.Demote(new NodeId(5)),
    };

    private static RaftOptions Seeded(ulong id, Incarnation incarnation, ulong seed) => new()
    {
        Cluster = Lab.Cluster,
        Node = new NodeId(id),
        Incarnation = incarnation,
        Seed = seed,
    };
}
