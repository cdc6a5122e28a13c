using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Paper;

/// <summary>Thesis §3.3 (terms), §3.4 (leader election), §3.6.1 (election restriction), §3.8 (what is durable), §3.9 (timing).</summary>
public sealed class Chapter3_Elections
{
    public static TheoryData<MessageKind> AnswersOfPeers =>
        [MessageKind.RequestVoteReply, MessageKind.AppendEntriesReply, MessageKind.HeartbeatReply, MessageKind.InstallSnapshotReply];

    [Theory] // §3.3: a leader or candidate that finds its term out of date becomes a follower at once
    [MemberData(nameof(AnswersOfPeers))]
    public void A_higher_term_ends_any_role(MessageKind kind)
    {
        foreach (Solo node in new[] { Leader(term: 3), Candidate(term: 3), PreCandidate(term: 4), Following(term: 4) })
        {
            node.Receive(Heartbeat(Two, 9) with { Kind = kind });

            Assert.Equal((Role.Follower, new Term(9), null, null), (node.Core.Role, node.Core.Term, node.Core.VotedFor, node.Core.Leader));
        }
    }

    [Fact] // §3.3: a request with a stale term is rejected
    public void A_lower_term_changes_nothing_and_is_told_of_the_higher()
    {
        Solo node = Following(term: 5);

        node.Receive(Append(Three, 4, 1, 1, count: 1));
        node.Receive(Heartbeat(Three, 4));
        node.Receive(RequestVote(Three, 4, 3, 9));

        Assert.Equal((new Term(5), Two, 1UL), (node.Core.Term, node.Core.Leader, node.Core.Log.Last.Index.Value));
        Assert.Equal([MessageKind.AppendEntriesReply, MessageKind.HeartbeatReply, MessageKind.RequestVoteReply], node.Sent.Select(m => m.Kind));
        Assert.All(node.Sent, reply => Assert.Equal((new Term(5), MessageReason.TermBehind, false), (reply.Term, reply.Reason, reply.IsGranted)));
    }

    [Fact] // §3.3
    public void A_term_never_falls()
    {
        Solo node = Follower(term: 3);
        var random = new SeededRandom(1);
        Term highest = node.Core.Term;

        for (int i = 0; i < 500; i++)
        {
            node.Receive(RequestVote(Two, 1 + random.NextBelow(40), 0, 0));

            Assert.True(node.Core.Term >= highest);
            highest = node.Core.Term;
        }
    }

    [Fact] // §3.4
    public void A_vote_is_given_once_in_a_term()
    {
        Solo node = Follower(term: 3);

        node.Receive(RequestVote(Two, 4, 3, 9));
        node.Receive(RequestVote(Three, 4, 3, 9));
        node.Persist();

        Assert.True(node.The(MessageKind.RequestVoteReply, Two).IsGranted);
        Assert.Equal(MessageReason.VoteGiven, node.The(MessageKind.RequestVoteReply, Three).Reason);
        Assert.Equal(Two, node.Core.VotedFor);
    }

    [Fact] // §3.4: his first answer may have been lost
    public void A_vote_is_given_again_to_the_same_candidate()
    {
        Solo node = Follower(term: 4, votedFor: Two);

        node.Receive(RequestVote(Two, 4, 3, 9));

        Assert.True(node.The(MessageKind.RequestVoteReply).IsGranted);
    }

    [Fact] // §3.4: the vote belongs to the term, not to the role
    public void A_vote_survives_stepping_down_within_its_term()
    {
        Solo node = Candidate(term: 3);

        node.Receive(Heartbeat(Two, 4));
        node.Pass(T);
        node.Receive(RequestVote(Three, 4, 3, 9));

        Assert.Equal((Role.Follower, Self), (node.Core.Role, node.Core.VotedFor));
        node.Persist();
        Assert.Equal(MessageReason.VoteGiven, node.The(MessageKind.RequestVoteReply).Reason);
    }

    [Fact] // §3.8: votedFor is persistent
    public void A_vote_survives_a_restart()
    {
        Solo node = Follower(term: 4, votedFor: Two);

        node.Receive(RequestVote(Three, 4, 3, 9));

        Assert.Equal(MessageReason.VoteGiven, node.The(MessageKind.RequestVoteReply).Reason);
    }

    [Fact] // §3.4: to vote for another in a term whose leader is known could only make a second one
    public void No_vote_is_given_in_a_term_whose_leader_is_known()
    {
        Solo node = Following(term: 3);
        node.Pass(T);

        node.Receive(RequestVote(Three, 3, 2, 9));

        Assert.Equal((MessageReason.VoteGiven, null), (node.The(MessageKind.RequestVoteReply).Reason, node.Core.VotedFor));
    }

    [Fact] // §3.4: a new term is a new vote
    public void A_new_term_frees_the_vote()
    {
        Solo node = Follower(term: 4, votedFor: Two);

        node.Receive(RequestVote(Three, 5, 3, 9));
        node.Persist();

        Assert.True(node.The(MessageKind.RequestVoteReply).IsGranted);
    }

    [Fact] // §3.8
    public void A_vote_leaves_only_once_it_is_durable()
    {
        Solo node = Follower(term: 3);

        node.Receive(RequestVote(Two, 4, 3, 9));

        Assert.Empty(node.Sent);
        Assert.Equal((new Term(4), Two), (node.Orders[0].HardState!.Value.Term, node.Orders[0].HardState!.Value.VotedFor));
        node.Persist();
        Assert.True(node.The(MessageKind.RequestVoteReply).IsGranted);
    }

    [Fact] // §3.8: a vote in a term that is durable already needs an order of its own
    public void A_vote_in_a_durable_term_waits_for_the_disk_as_well()
    {
        Solo node = Follower(term: 4);

        node.Receive(RequestVote(Two, 4, 3, 9));

        Assert.Empty(node.Sent);
        Assert.Equal(new HardState(new Term(4), Two, new LogIndex(1)), Assert.Single(node.Orders).HardState);
        node.Persist();
        Assert.True(node.The(MessageKind.RequestVoteReply).IsGranted);
    }

    [Fact] // §3.8: a server that answers in a term has that term on disk
    public void Nothing_is_said_in_a_term_before_the_term_is_durable()
    {
        Solo node = Follower(term: 3);

        node.Receive(Heartbeat(Two, 5));
        node.Receive(Append(Two, 5, 9, 9) with { Entry = EntryId.Of(3, 9) });

        Assert.Empty(node.Sent);
        node.Persist();
        Assert.Equal([MessageKind.HeartbeatReply, MessageKind.AppendEntriesReply], node.Sent.Select(message => message.Kind));
    }

    [Fact] // §3.8: the candidate's own term and vote are promises too
    public void A_candidate_asks_only_behind_its_own_durable_vote()
    {
        Solo node = Candidate(term: 3);

        Assert.Empty(node.Sent);
        Assert.Equal((new Term(4), Self), (node.Orders[0].HardState!.Value.Term, node.Orders[0].HardState!.Value.VotedFor));
        node.Persist();
        Assert.Equal([Two, Three], node.All(MessageKind.RequestVote).Select(request => request.To));
    }

    [Fact] // §3.8
    public void A_candidate_counts_itself_only_once_its_vote_is_durable()
    {
        Solo node = Candidate(term: 3);
        ulong campaign = 2;

        node.Receive(RequestVote(Two, 4, 0, 0) with { Kind = MessageKind.RequestVoteReply, Flags = MessageFlags.Granted, Sequence = campaign });

        Assert.Equal(Role.Candidate, node.Core.Role);
        node.Persist();
        Assert.Equal(Role.Leader, node.Core.Role);
    }

    [Fact] // §3.8: a campaign that is over asks nobody
    public void A_request_that_waited_for_the_disk_does_not_outlive_its_campaign()
    {
        Solo node = Candidate(term: 3);

        node.Receive(Heartbeat(Two, 4));
        node.Persist();

        Assert.Empty(node.All(MessageKind.RequestVote));
    }

    [Theory] // §3.6.1: compare last terms first, then lengths
    [InlineData(4, 9, true)]
    [InlineData(4, 8, false)]
    [InlineData(3, 99, false)]
    [InlineData(5, 1, true)]
    [InlineData(4, 10, true)]
    public void A_vote_goes_only_to_a_log_as_complete_as_ours(ulong lastTerm, ulong lastIndex, bool granted)
    {
        Solo node = Follower(log: [1, 1, 1, 1, 4, 4, 4, 4, 4], term: 6);

        node.Receive(RequestVote(Two, 7, lastTerm, lastIndex));
        node.Persist();

        Assert.Equal(granted, node.The(MessageKind.RequestVoteReply).IsGranted);
        Assert.Equal(granted ? Two : null, node.Core.VotedFor);
    }

    [Fact] // §3.4: were it otherwise, a stale log could keep every electable node quiet
    public void A_refusal_does_not_postpone_our_own_election()
    {
        Solo node = Follower(log: [1, 2, 2], term: 3);
        node.Take();
        Instant due = node.Core.NextDeadline;

        node.Receive(RequestVote(Two, 4, 1, 9));

        Assert.Equal(due, node.Core.NextDeadline);
    }

    [Fact] // §3.4: it gives the candidate the time to win
    public void A_grant_postpones_our_own_election()
    {
        Solo node = Follower(log: [1, 2, 2], term: 3);

        node.Receive(RequestVote(Two, 4, 2, 3));

        Assert.True(node.Core.NextDeadline >= node.Now + T);
    }

    [Fact] // §3.4: as long as the leader speaks, nobody stands
    public void A_leader_that_speaks_postpones_our_election_whatever_it_says()
    {
        Solo node = Following(term: 3);
        for (int i = 0; i < 50; i++)
        {
            node.Pass(T / 2);
            node.Receive(i % 2 == 0 ? Heartbeat(Two, 3) : Append(Two, 3, 3, 50));
        }

        Assert.Equal((Role.Follower, new Term(3)), (node.Core.Role, node.Core.Term));
    }

    [Fact] // §3.4, §3.9: randomized, so that votes rarely split
    public void An_election_timeout_lies_between_T_and_one_and_a_half_T_and_differs_by_seed()
    {
        var drawn = new SortedSet<TimeSpan>();
        for (ulong seed = 1; seed <= 200; seed++)
        {
            Solo node = Restarted(Disk([1], term: 3), Options(seed));

            drawn.Add(node.Core.NextDeadline - node.Now);
        }

        Assert.True(drawn.Min >= T && drawn.Max < T * 1.5);
        Assert.True(drawn.Max - drawn.Min > T * 0.45);
        Assert.True(drawn.Count > 190);
    }

    [Fact] // §3.4: each candidate restarts its randomized timeout at the start of an election
    public void An_election_timeout_is_drawn_anew_each_time()
    {
        Solo node = Restarted(Disk([1], term: 3));
        var drawn = new SortedSet<TimeSpan>();
        for (int i = 0; i < 100; i++)
        {
            TimeSpan timeout = node.Core.NextDeadline - node.Now;
            drawn.Add(timeout);
            Assert.True(timeout >= T && timeout < T * 1.5);
            node.Pass(timeout);
        }

        Assert.True(drawn.Count > 90);
    }

    [Fact] // §3.4
    public void A_candidate_wins_with_a_majority_of_the_voters_and_not_with_less()
    {
        Solo node = Candidate(term: 3, members: FiveVoters);
        node.Persist();
        Message[] requests = node.All(MessageKind.RequestVote);

        node.Receive(Grant(requests[0]));
        node.Receive(Grant(requests[0]));
        Assert.Equal(Role.Candidate, node.Core.Role);

        node.Receive(Refuse(requests[1], MessageReason.VoteGiven, 4));
        node.Receive(Grant(requests[2]));
        Assert.Equal((Role.Leader, Self), (node.Core.Role, node.Core.Leader));
    }

    [Fact] // §3.4
    public void A_candidate_that_a_majority_refuses_stands_back()
    {
        Solo node = Candidate(term: 3);
        node.Persist();

        foreach (Message request in node.All(MessageKind.RequestVote))
        {
            node.Receive(Refuse(request, MessageReason.VoteGiven, 4));
        }

        Assert.Equal((Role.Follower, Self), (node.Core.Role, node.Core.VotedFor));
    }

    [Fact] // §3.4: an answer to another question is no vote
    public void A_grant_of_an_earlier_campaign_or_term_counts_for_nothing()
    {
        Solo node = Candidate(term: 3);
        node.Persist();
        Message request = node.The(MessageKind.RequestVote, Two);

        Assert.Equal(StepOutcome.Stale, node.Receive(Grant(request) with { Sequence = request.Sequence - 1 }));
        Assert.Equal(StepOutcome.Stale, node.Receive(Grant(request) with { Term = new Term(3) }));

        Assert.Equal(Role.Candidate, node.Core.Role);
    }

    [Fact] // §3.4: a leader of at least its term is legitimate
    public void A_candidate_follows_a_leader_of_its_own_term()
    {
        Solo node = Candidate(term: 3);

        node.Receive(Heartbeat(Two, 4));

        Assert.Equal((Role.Follower, Two), (node.Core.Role, node.Core.Leader));
    }

    [Fact] // §3.4: split votes end by standing again, after asking whether it is any use (§9.6)
    public void A_candidate_without_a_result_asks_again_at_its_timeout()
    {
        Solo node = Candidate(term: 3);
        node.Persist();

        node.Pass(T * 1.5);

        Assert.Equal((Role.PreCandidate, new Term(4), Self), (node.Core.Role, node.Core.Term, node.Core.VotedFor));
        Assert.Equal(new Term(5), node.The(MessageKind.PreVote, Two).Term);
    }

    [Fact] // §3.4: election safety; if it breaks, somebody has voted twice
    public void A_second_leader_of_one_term_is_not_followed()
    {
        Assert.Equal(StepOutcome.SecondLeader, Following(term: 3).Receive(Append(Three, 3, 1, 1)));
        Assert.Equal(StepOutcome.SecondLeader, Leader(term: 3).Receive(Heartbeat(Three, 4)));
    }

    [Fact] // §3.4: to establish its authority; §6.4: an entry of its own term
    public void A_leader_appends_a_no_op_and_speaks_in_the_very_step_of_winning()
    {
        Solo node = Candidate(log: [1, 1], term: 3);
        node.Persist();
        Message request = node.The(MessageKind.RequestVote, Two);
        node.Forget();

        node.Receive(Grant(request));

        Assert.Equal(EntryId.Of(4, 3), node.Core.Log.Last);
        Assert.Equal([Two, Three], node.All(MessageKind.Heartbeat).Select(message => message.To));
        Assert.Equal([Two, Three], node.All(MessageKind.AppendEntries).Select(message => message.To));
        Assert.All(node.All(MessageKind.AppendEntries), append => Assert.Equal((EntryId.Of(1, 2), 1UL), (append.Previous, append.EntryCount)));
    }

    [Fact] // §3.4: heartbeats keep others from standing
    public void A_leader_speaks_to_everybody_each_heartbeat()
    {
        Solo node = Leader();
        for (int i = 0; i < 5; i++)
        {
            node.Forget();
            node.Pass(Heartbeats);

            Assert.Equal([Two, Three], node.All(MessageKind.Heartbeat).Select(message => message.To));
        }
    }

    [Fact] // §3.4, §3.8: a cluster of one needs nobody but its own disk
    public void A_single_voter_leads_once_its_own_vote_is_durable()
    {
        Solo node = Follower(term: 3, members: Membership.Of(1));

        node.Pass(T);
        Assert.Equal((Role.Candidate, new Term(4)), (node.Core.Role, node.Core.Term));

        node.Persist(node.Orders[0]);
        Assert.Equal(Role.Leader, node.Core.Role);
    }

    [Fact] // §3.8: a vote won on entries that a crash takes back elects a log that shrinks
    public void A_campaign_is_not_begun_on_entries_still_in_memory()
    {
        Solo node = Following(term: 3);
        node.Receive(Append(Two, 3, 1, 1, count: 2));
        node.Forget();

        node.Pass(T * 1.5);
        node.Core.Campaign(node.Now);
        node.Take();

        Assert.Empty(node.All(MessageKind.PreVote));
    }
}
