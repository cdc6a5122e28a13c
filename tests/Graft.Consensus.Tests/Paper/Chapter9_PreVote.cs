using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Paper;

/// <summary>Thesis §9.6 (preventing disruptions when a server rejoins the cluster), §4.2.3 (disruptive servers).</summary>
public sealed class Chapter9_PreVote
{
    [Fact] // §9.6: only once a majority would vote is the term raised
    public void Asking_changes_nothing_at_the_asker()
    {
        Solo node = PreCandidate(term: 3);

        Assert.Equal((Role.PreCandidate, new Term(3), null), (node.Core.Role, node.Core.Term, node.Core.VotedFor));
        Assert.Empty(node.Orders);
        Assert.All(node.All(MessageKind.PreVote), question => Assert.Equal(new Term(4), question.Term));
    }

    [Theory] // §9.6
    [InlineData(9, true)]
    [InlineData(1, false)]
    public void Answering_changes_nothing_at_the_voter(ulong lastIndex, bool granted)
    {
        Solo node = Follower(log: [1, 3, 3], term: 4, votedFor: Three);
        node.Take();
        Instant due = node.Core.NextDeadline;

        node.Receive(PreVote(Two, 7, 3, lastIndex));

        Assert.Equal(granted, node.The(MessageKind.PreVoteReply).IsGranted);
        Assert.Equal((new Term(4), Three, due), (node.Core.Term, node.Core.VotedFor, node.Core.NextDeadline));
        Assert.Empty(node.Orders);
    }

    [Fact] // §9.6: a question isn't a vote
    public void Two_candidates_may_both_be_told_yes()
    {
        Solo node = Follower(term: 3);

        node.Receive(PreVote(Two, 4, 3, 9));
        node.Receive(PreVote(Three, 4, 3, 9));

        Assert.True(node.The(MessageKind.PreVoteReply, Two).IsGranted);
        Assert.True(node.The(MessageKind.PreVoteReply, Three).IsGranted);
    }

    [Fact] // §9.6: a yes names the term that was asked for and moves nobody's term
    public void A_yes_to_a_question_is_no_higher_term()
    {
        Solo node = PreCandidate(term: 3, members: FiveVoters);

        node.Receive(Grant(node.The(MessageKind.PreVote, Two)));

        Assert.Equal((Role.PreCandidate, new Term(3)), (node.Core.Role, node.Core.Term));
    }

    [Fact] // §9.6
    public void A_no_names_the_voters_term_and_a_candidate_that_is_behind_learns_it()
    {
        Solo voter = Follower(term: 8);
        voter.Receive(PreVote(Two, 4, 3, 9));
        Assert.Equal((MessageReason.TermBehind, new Term(8)), (voter.The(MessageKind.PreVoteReply).Reason, voter.The(MessageKind.PreVoteReply).Term));

        Solo node = PreCandidate(term: 3);
        node.Receive(Refuse(node.The(MessageKind.PreVote, Two), MessageReason.TermBehind, term: 8));
        Assert.Equal((Role.Follower, new Term(8)), (node.Core.Role, node.Core.Term));
    }

    [Fact] // §9.6
    public void A_majority_of_yes_begins_the_election()
    {
        Solo node = PreCandidate(term: 3, members: FiveVoters);

        node.Receive(Grant(node.The(MessageKind.PreVote, Two)));
        node.Receive(Grant(node.The(MessageKind.PreVote, Two)));
        Assert.Equal(Role.PreCandidate, node.Core.Role);

        node.Receive(Grant(node.The(MessageKind.PreVote, Three)));
        Assert.Equal((Role.Candidate, new Term(4), Self), (node.Core.Role, node.Core.Term, node.Core.VotedFor));
    }

    [Fact] // §9.6: the term of a server that is cut off doesn't rise, so its return disturbs nobody
    public void A_server_that_is_cut_off_asks_for_ever_in_its_own_term()
    {
        Solo node = Following(term: 3);

        for (int i = 0; i < 20; i++)
        {
            node.Pass(T * 1.5);
        }

        Assert.Equal((Role.PreCandidate, new Term(3)), (node.Core.Role, node.Core.Term));
    }

    [Fact] // §9.6
    public void A_pre_candidate_that_hears_the_leader_follows_it_again()
    {
        Solo node = PreCandidate(term: 3);

        node.Receive(Heartbeat(Two, 3));

        Assert.Equal((Role.Follower, Two, new Term(3)), (node.Core.Role, node.Core.Leader, node.Core.Term));
    }

    [Fact] // §9.6
    public void A_yes_to_an_earlier_question_counts_for_nothing()
    {
        Solo node = PreCandidate(term: 3);
        Message question = node.The(MessageKind.PreVote, Two);
        node.Pass(T * 1.5);

        Assert.Equal(StepOutcome.Stale, node.Receive(Grant(question)));

        Assert.Equal(Role.PreCandidate, node.Core.Role);
    }

    [Fact] // §4.2.3: within an election timeout of hearing a leader, neither the vote nor the term
    public void Who_hears_a_leader_votes_for_nobody_and_keeps_its_term()
    {
        Solo node = Following(term: 3);
        node.Pass(T - TimeSpan.FromTicks(1));

        node.Receive(PreVote(Three, 9, 3, 9));
        node.Receive(RequestVote(Three, 9, 3, 9));

        Assert.Equal(MessageReason.LeaderAlive, node.The(MessageKind.PreVoteReply).Reason);
        Assert.Equal(MessageReason.LeaderAlive, node.The(MessageKind.RequestVoteReply).Reason);
        Assert.Equal((new Term(3), Two), (node.Core.Term, node.Core.Leader));
    }

    [Fact] // §4.2.3
    public void A_leader_that_was_not_heard_for_T_holds_nobody_back()
    {
        Solo node = Following(term: 3);
        node.Pass(T);

        node.Receive(PreVote(Three, 4, 3, 9));
        node.Receive(RequestVote(Three, 4, 3, 9));
        node.Persist();

        Assert.True(node.The(MessageKind.PreVoteReply).IsGranted);
        Assert.True(node.The(MessageKind.RequestVoteReply).IsGranted);
    }

    [Fact] // §4.2.3
    public void A_leader_is_not_deposed_by_a_higher_term_that_nobody_asked_for()
    {
        Solo leader = Leader(term: 3);

        leader.Receive(RequestVote(Three, 9, 4, 99));

        Assert.Equal((Role.Leader, new Term(4)), (leader.Core.Role, leader.Core.Term));
    }

    [Fact] // §4.2.3, §6.4.1: before the restart it may have promised a leader a lease
    public void A_restarted_voter_keeps_the_promise_that_it_may_have_made()
    {
        Solo node = Restarted(Disk([1], term: 3));
        node.Pass(T - TimeSpan.FromTicks(1));
        node.Receive(PreVote(Two, 4, 3, 9));
        node.Receive(RequestVote(Two, 4, 3, 9));
        Assert.Equal(MessageReason.LeaderAlive, node.The(MessageKind.PreVoteReply).Reason);
        Assert.Equal(MessageReason.LeaderAlive, node.The(MessageKind.RequestVoteReply).Reason);

        node.Pass(TimeSpan.FromTicks(1));
        node.Receive(PreVote(Two, 4, 3, 9));
        Assert.True(node.All(MessageKind.PreVoteReply)[^1].IsGranted);
    }

    [Fact] // §4.2.3, §6.4.1: the promise is to the leader that was heard, in whatever term it is asked to be broken
    public void Who_hears_a_leader_votes_for_nobody_in_its_own_term_either()
    {
        // It asked, heard the leader again, and only then learned from a refusal of a term in which somebody stands.
        Solo node = PreCandidate(term: 3);
        Message question = node.The(MessageKind.PreVote, Three);
        node.Receive(Heartbeat(Two, 3));
        node.Receive(Refuse(question, MessageReason.TermBehind, term: 4));
        Assert.Equal((new Term(4), null, null), (node.Core.Term, node.Core.Leader, node.Core.VotedFor));

        node.Receive(RequestVote(Three, 4, 3, 9));
        node.Persist();
        Assert.Equal(MessageReason.LeaderAlive, node.The(MessageKind.RequestVoteReply).Reason);
        Assert.Null(node.Core.VotedFor);

        node.Pass(T);
        node.Forget();
        node.Receive(RequestVote(Three, 4, 3, 9));
        node.Persist();
        Assert.True(node.The(MessageKind.RequestVoteReply).IsGranted);
    }

    [Fact] // §4.2.3, §6.4.1, across a crash
    public void A_restarted_voter_keeps_its_promise_in_its_own_term_too()
    {
        Solo node = Restarted(Disk([1], term: 6));

        node.Receive(RequestVote(Three, 6, 1, 1));
        node.Persist();

        Assert.Equal(MessageReason.LeaderAlive, node.The(MessageKind.RequestVoteReply).Reason);
        Assert.Null(node.Core.VotedFor);
    }

    [Fact] // §3.4: the promise can't forbid what was given before it
    public void A_restarted_voter_repeats_the_vote_that_it_gave()
    {
        Solo node = Restarted(Disk([1], term: 6, votedFor: Three));

        node.Receive(RequestVote(Three, 6, 1, 1));

        Assert.True(node.The(MessageKind.RequestVoteReply).IsGranted);
    }

    [Fact] // §3.10: the lease was given up before the transfer
    public void A_restarted_voter_votes_in_a_transfer_at_once()
    {
        Solo node = Restarted(Disk([1], term: 3));

        node.Receive(RequestVote(Two, 4, 3, 9, MessageFlags.Transfer));
        node.Persist();

        Assert.True(node.The(MessageKind.RequestVoteReply).IsGranted);
    }

    [Fact] // §6.4.1, §4.2.3: it answered heartbeats before the restart, whatever its log has lost since
    public void A_restarted_voter_that_lost_its_whole_log_keeps_the_promise_that_it_may_have_made()
    {
        Solo node = Restarted(new RestoredState
        {
            HardState = new HardState(new Term(3), null, LogIndex.Zero),
            Lost = new LostEntries(EntryId.Of(3, 5)),
        });

        node.Receive(RequestVote(Two, 4, 3, 9));
        node.Persist();

        Assert.Equal(MessageReason.LeaderAlive, node.The(MessageKind.RequestVoteReply).Reason);
    }

    [Fact] // §4.2.3: who refused for which reason is the first question of a diagnosis
    public void A_candidate_reports_a_refusal_of_a_voter_that_kept_its_lower_term()
    {
        Solo node = Candidate(term: 3);
        node.Persist();

        node.Receive(Refuse(node.The(MessageKind.RequestVote, Two), MessageReason.LeaderAlive, term: 3));

        Assert.Equal([(Two, MessageReason.LeaderAlive)], node.Core.Status(node.Now).LastCampaign!.Answers);
    }
}
