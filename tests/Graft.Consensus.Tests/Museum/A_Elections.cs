namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits A01 to A12: whose vote counts, and when. docs/internals/museum.md is the catalogue.</summary>
public sealed class A_Elections
{
    [Theory] // A01: a vote was granted although it was never stored (jraft#1241).
    [InlineData(0)]
    [InlineData(1)]
    public void A_vote_that_is_not_on_disk_is_heard_by_nobody(int kept)
    {
        var lab = new Lab(1, 2, 3);
        lab.CutBoth(1, 3);
        lab.Stall(2);
        lab.TimeOut(1);
        lab.Deliver();
        Assert.Equal(new NodeId(1), lab[2].VotedFor);
        Assert.DoesNotContain(lab.Log, message => message.Kind == MessageKind.RequestVoteReply);

        // It never said yes, so it may say yes to another, unless the disk has kept the vote.
        lab.Crash(2, kept);
        lab.Restart(2);
        lab.TimeOut(3);
        lab.Deliver();

        Assert.Equal(kept == 0, lab[3].Role == Role.Leader);
        Assert.NotEqual(Role.Leader, lab[1].Role);
    }

    [Fact] // A02: a candidate spoke before its own term and vote were durable (jraft#1245).
    public void A_candidate_is_silent_until_its_own_vote_is_stored()
    {
        var lab = new Lab(1, 2, 3);
        lab.Stall(1);
        lab.TimeOut(1);
        lab.Deliver();
        Assert.Equal(Role.Candidate, lab[1].Role);

        Assert.Equal(0, lab.CountSent(MessageKind.RequestVote, from: 1));
        Assert.All([lab[2], lab[3]], peer => Assert.Equal(new Term(1), peer.Term));

        lab.Crash(1);
        lab.Restart(1);
        lab.Elect(3);
        Assert.Equal(new Term(2), lab[3].Term);
    }

    [Fact] // A02, with nobody to ask: the vote for itself is the whole election.
    public void A_single_voter_leads_only_once_its_own_vote_is_stored()
    {
        var lab = new Lab(1);
        lab.Stall(1);
        lab.TimeOut(1);
        Assert.Equal(Role.Candidate, lab[1].Role);

        lab.Resume(1);

        Assert.Equal(Role.Leader, lab[1].Role);
    }

    [Theory] // A03: stepping down inside a term erased the vote (CCF#8091, hazelcast#16643, camunda#5356).
    [InlineData("refused")]
    [InlineData("another leads")]
    [InlineData("quorum lost")]
    public void Stepping_down_inside_a_term_keeps_the_vote(string reason)
    {
        var lab = new Lab(1, 2, 3, 4, 5);
        lab.Hold(Lab.Of(MessageKind.RequestVote));
        lab.TimeOut(1);
        lab.Deliver();
        ulong campaign = lab.LastSent(MessageKind.RequestVote, from: 1).Sequence;
        switch (reason)
        {
            case "refused":
                for (ulong voter = 2; voter <= 4; voter++)
                {
                    lab.Inject(lab.Draft(MessageKind.RequestVoteReply, voter, to: 1, term: 2) with { Sequence = campaign });
                }

                break;
            case "another leads":
                lab.Inject(lab.Draft(MessageKind.Heartbeat, from: 3, to: 1, term: 2));
                break;
            default:
                lab.Release();
                lab.Deliver();
                Assert.Equal(Role.Leader, lab[1].Role);
                lab.Isolate(1);
                lab.Run(Lab.T + Lab.Ms(100));
                break;
        }

        Assert.Equal(Role.Follower, lab[1].Role);
        Assert.Equal(new Term(2), lab[1].Term);
        lab.Skip(Lab.T * 2);
        lab.Inject(lab.VoteRequest(from: 5, to: 1, term: 2) with { Entry = EntryId.Of(1, 99) });

        Assert.Equal(new NodeId(1), lab[1].VotedFor);
        Assert.False(lab.LastSent(MessageKind.RequestVoteReply, from: 1).IsGranted);
    }

    [Fact] // A04: starting a pre-vote reset the real vote (canonical/raft 98d8f51).
    public void Standing_again_leaves_the_vote_of_this_term_alone()
    {
        var lab = new Lab(1, 2, 3);
        lab.Isolate(3);
        lab.Elect(1);
        lab.TimeOut(2);
        Assert.Equal(Role.PreCandidate, lab[2].Role);

        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 2) with { Entry = lab[2].Last with { Term = new Term(1) } });
        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 2) with { Entry = EntryId.Of(1, 99) });

        Assert.Equal(new NodeId(1), lab[2].VotedFor);
        Assert.False(lab.LastSent(MessageKind.RequestVoteReply, from: 2).IsGranted);
    }

    [Fact] // A04, on the side that is asked.
    public void Granting_a_pre_vote_leaves_the_vote_of_this_term_alone()
    {
        var lab = new Lab(1, 2, 3);
        lab.Hold(Lab.Of(MessageKind.AppendEntries));
        lab.Isolate(3);
        lab.Elect(1);
        lab.Skip(Lab.T * 2);

        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 3) with { Kind = MessageKind.PreVote });
        Assert.True(lab.LastSent(MessageKind.PreVoteReply, from: 2).IsGranted);
        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 2));

        Assert.Equal(new NodeId(1), lab[2].VotedFor);
        Assert.False(lab.LastSent(MessageKind.RequestVoteReply, from: 2).IsGranted);
    }

    [Fact] // A05: a stale vote blocked every later pre-vote (canonical/raft 9c70d96).
    public void An_old_vote_stands_in_nobodys_way()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);

        lab.Crash(1);
        lab.Run(Lab.T * 20);

        Assert.NotNull(lab.Leader);
    }

    [Theory] // A06: id zero was read as "no vote" (willemt fe60545).
    [InlineData(0, 1, 2)]
    [InlineData(ulong.MaxValue, 0, 1)]
    [InlineData(1UL << 63, ulong.MaxValue, 0)]
    public void No_id_means_nobody(ulong first, ulong voter, ulong second)
    {
        var lab = new Lab(first, voter, second);
        lab.Skip(Lab.T * 2);

        lab.Inject(lab.VoteRequest(first, voter, term: 2));
        Assert.True(lab.LastSent(MessageKind.RequestVoteReply, voter).IsGranted);
        lab.Inject(lab.VoteRequest(second, voter, term: 2));

        Assert.Equal(new NodeId(first), lab[voter].VotedFor);
        Assert.False(lab.LastSent(MessageKind.RequestVoteReply, voter).IsGranted);
    }

    [Fact] // A07: "up to date" was compared as a vector, and two logs refused each other (openraft a48a3282).
    public void A_newer_last_term_beats_a_longer_log()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(2);
        lab.Isolate(2);
        lab.Propose(2, payload: 1);
        lab.Propose(2, payload: 2);
        lab.Elect(1);
        Assert.True(lab[1].Last.Term > lab[2].Last.Term);
        Assert.True(lab[1].Last.Index < lab[2].Last.Index);

        lab.Crash(3);
        lab.Heal();
        lab.Crash(1);
        lab.Restart(1);
        lab.Run(Lab.T * 10);

        Assert.Equal(Role.Leader, lab[1].Role);
        Assert.Equal(lab[1].Last, lab[2].Last);
    }

    [Fact] // A07: the mirror mistake elects a leader that lacks what is committed.
    public void Of_two_logs_at_least_one_is_as_complete_as_the_other()
    {
        EntryId[] ends =
        [
            .. from term in Enumerable.Range(1, 4) from index in Enumerable.Range(1, 4) select EntryId.Of((ulong)term, (ulong)index),
        ];

        foreach (EntryId a in ends)
        {
            foreach (EntryId b in ends)
            {
                int expected = (a.Term, a.Index).CompareTo((b.Term, b.Index));
                Assert.Equal(expected >= 0, a.IsAtLeastAsUpToDateAs(b));
            }
        }
    }

    [Fact] // A08: an election used a log tail that was not on disk (canonical/raft a54636b).
    public void The_log_that_a_candidate_offers_survives_its_crash()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Stall(2);
        for (ulong payload = 1; payload <= 3; payload++)
        {
            lab.Propose(1, payload);
        }

        lab.Deliver(Lab.To(2));
        EntryId stored = lab[2].Disk.Last;
        Assert.True(lab[2].Last.Index > stored.Index);

        lab.Skip(Lab.T * 2);
        lab.Campaign(2);
        lab.Inject(lab.Draft(MessageKind.TimeoutNow, from: 1, to: 2, term: 2) with { Last = lab[2].Last.Index });
        lab.Deliver(Lab.From(2));
        Assert.DoesNotContain(
            lab.Log,
            message => message.From.Value == 2
                && message.Kind is MessageKind.PreVote or MessageKind.RequestVote
                && message.LastEntry.Index > stored.Index);

        lab.Crash(2);
        lab.Restart(2);
        Assert.Equal(stored, lab[2].Last);
    }

    [Fact] // A09: a removed node kept campaigning and deposed leaders (hashicorp#477).
    public void A_removed_node_that_does_not_know_it_disturbs_nobody()
    {
        var lab = new Lab(1, 2, 3, 4);
        lab.Elect(1);
        lab.Isolate(4);
        lab.Change(1, MembershipChange.None.Remove(new NodeId(4)));
        lab.Deliver();
        lab.Run(Lab.T);
        Assert.False(lab[1].Membership.Contains(new NodeId(4)));
        Term term = lab[1].Term;

        lab.Heal();
        lab.Run(Lab.T * 100);

        Assert.Equal(Role.Leader, lab[1].Role);
        Assert.Equal(term, lab[1].Term);
    }

    [Fact] // A09: votes of non-members were counted (hashicorp#526).
    public void The_vote_of_a_stranger_counts_for_nothing()
    {
        var lab = new Lab(1, 2, 3);
        lab.Join(4);
        lab.Join(5);
        lab.Hold(Lab.Of(MessageKind.RequestVote));
        lab.TimeOut(1);
        lab.Deliver();

        Message asked = lab.LastSent(MessageKind.RequestVote, from: 1);
        foreach (ulong stranger in (ulong[])[4, 5])
        {
            lab.Inject(lab.Draft(MessageKind.RequestVoteReply, stranger, to: 1, asked.Term.Value) with
            {
                Flags = MessageFlags.Granted,
                Sequence = asked.Sequence,
            });
        }

        Assert.Equal(Role.Candidate, lab[1].Role);
    }

    [Fact] // A09: a learner's vote was counted like a voter's.
    public void The_vote_of_a_learner_is_given_and_counts_for_nothing()
    {
        var lab = new Lab(Membership.Of(
        [
            new Member(new NodeId(1), MemberRole.Voter),
            new Member(new NodeId(2), MemberRole.Voter),
            new Member(new NodeId(3), MemberRole.Voter),
            new Member(new NodeId(4), MemberRole.Learner),
            new Member(new NodeId(5), MemberRole.Learner),
        ]));
        lab.Hold(Lab.Of(MessageKind.RequestVote));
        lab.TimeOut(1);
        lab.Deliver();
        Message asked = lab.LastSent(MessageKind.RequestVote, from: 1);

        foreach (ulong learner in (ulong[])[4, 5])
        {
            lab.Inject(asked with { To = new NodeId(learner) });
            Assert.True(lab.LastSent(MessageKind.RequestVoteReply, learner).IsGranted);
        }

        lab.Deliver();

        Assert.Equal(Role.Candidate, lab[1].Role);
    }

    [Fact] // A10: a repeated request was refused as "already voted" by the very voter that had granted it (nebula#2419).
    public void A_request_that_comes_twice_is_granted_twice()
    {
        var lab = new Lab(1, 2, 3);
        lab.CutBoth(1, 3);
        lab.Drop(Lab.Of(MessageKind.RequestVoteReply, from: 2, to: 1), times: 1);
        lab.TimeOut(1);
        lab.Deliver();
        Assert.Equal(Role.Candidate, lab[1].Role);

        lab.Inject(lab.Log.Single(Lab.Of(MessageKind.RequestVote, from: 1, to: 2)));
        lab.Deliver();

        Assert.Equal(Role.Leader, lab[1].Role);
    }

    [Fact] // A11: a refused candidate reset the timers of those who could have won (dotNext#281, hashicorp#609).
    public void A_refusal_does_not_postpone_our_own_election()
    {
        var lab = new Lab(1, 2, 3);
        lab.Isolate(3);
        lab.Elect(1);
        lab.Skip(Lab.T);
        Instant due = lab[2].Core.NextDeadline;

        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 9) with { Kind = MessageKind.PreVote });
        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 9));

        Assert.Equal(MessageReason.LogBehind, lab.LastSent(MessageKind.RequestVoteReply, from: 2).Reason);
        Assert.Equal(due, lab[2].Core.NextDeadline);
    }

    [Fact] // A11: with a clock that is always first.
    public void A_hopeless_candidate_does_not_starve_an_able_one()
    {
        var lab = new Lab(1, 2, 3);
        lab.Isolate(3);
        lab.Elect(1);
        lab.Heal();
        lab.Crash(1);
        lab[3].Clock.SetRate(4000, lab.Now);

        lab.Run(Lab.T * 10);

        Assert.Equal(Role.Leader, lab[2].Role);
    }

    [Fact] // A12: a node that returned from a future term was ignored and refused for ever (willemt ab96a76).
    public void A_node_that_was_away_comes_back_without_an_election()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(3);
        lab.Run(Lab.T * 40);
        lab.Propose(1, payload: 1);

        lab.Heal();
        lab.Run(Lab.T * 4);

        Assert.Equal(new Term(2), lab[1].Term);
        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Fact] // A12: and one that really is in a higher term costs one election, no more.
    public void A_node_in_a_future_term_costs_one_election()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(3);
        lab.Inject(lab.Draft(MessageKind.HeartbeatReply, from: 2, to: 3, term: 40));

        lab.Heal();
        lab.Run(Lab.T * 10);

        Assert.Equal(new Term(41), lab.Leader!.Term);
        Assert.All(lab.Nodes, node => Assert.Equal(lab.Leader.State, node.State));
    }
}
