using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Paper;

/// <summary>Thesis §4.1 (safety), §4.2 (availability), §4.3 (joint consensus).</summary>
public sealed class Chapter4_Membership
{
    [Fact] // §4.1: a server uses the latest configuration in its log, committed or not
    public void A_configuration_is_in_force_when_it_is_appended()
    {
        Solo leader = Leader();

        MembershipProposal proposal = leader.Change(MembershipChange.None.AddLearner(Four));

        Assert.True(leader.Core.Membership.Contains(Four));
        Assert.Equal(proposal.Entry.Index, leader.Core.MembershipIndex);
        Assert.True(leader.Core.CommitIndex < proposal.Entry.Index);
        Assert.NotEmpty(leader.All(MessageKind.AppendEntries, Four));
    }

    [Fact] // §4.1
    public void A_follower_takes_a_configuration_when_it_is_appended_and_drops_it_when_it_is_truncated()
    {
        Solo node = Following(log: [1], term: 3);

        node.Receive(Append(Two, 3, 1, 1, count: 1) with { Membership = FiveVoters });
        Assert.Equal((FiveVoters, 2UL), (node.Core.Membership, node.Core.MembershipIndex.Value));

        node.Receive(Append(Three, 4, 1, 1, count: 1));
        Assert.Equal((ThreeVoters, 1UL), (node.Core.Membership, node.Core.MembershipIndex.Value));
    }

    [Fact] // §4.1: the next one waits until the one before is committed
    public void Only_one_change_is_made_at_a_time()
    {
        Solo leader = Leader();
        leader.Change(MembershipChange.None.AddLearner(Four));

        Assert.Equal(MembershipRefusal.ChangeInProgress, leader.Change(MembershipChange.None.AddLearner(Five)).Refusal);

        CommitAll(leader);
        Assert.True(leader.Change(MembershipChange.None.AddLearner(Five)).IsAppended);
    }

    [Fact] // §4.1 as corrected on raft-dev in 2015
    public void No_change_is_begun_before_an_entry_of_the_own_term_is_committed()
    {
        Solo leader = Elected();
        Assert.Equal(MembershipRefusal.NoOwnTermCommit, leader.Change(MembershipChange.None.AddLearner(Four)).Refusal);

        CommitAll(leader);
        Assert.True(leader.Change(MembershipChange.None.AddLearner(Four)).IsAppended);
    }

    [Fact] // two administrators must not undo each other unseen
    public void A_change_against_another_configuration_than_was_seen_is_refused()
    {
        Solo leader = Leader();

        Assert.Equal(
            MembershipRefusal.IndexMismatch,
            leader.Change(MembershipChange.None.AddLearner(Four), expected: leader.Core.MembershipIndex.Next).Refusal);

        Assert.Equal(ThreeVoters, leader.Core.Membership);
    }

    [Fact]
    public void Only_a_leader_changes_members() =>
        Assert.Equal(MembershipRefusal.NotLeader, Following().Change(MembershipChange.None.AddLearner(Four)).Refusal);

    [Fact] // §4.2.1: they receive the log and are counted in nothing
    public void A_learner_completes_no_commit_and_no_election()
    {
        Membership members = Membership.Of((Member[])
            [.. ThreeVoters.Members, new(Four, MemberRole.Learner), new(Five, MemberRole.Learner)]);
        Solo leader = Leader(members: members);
        LogIndex proposed = leader.Propose().Last.Index;
        leader.Persist();

        leader.Receive(Ack(Four, leader.Core));
        leader.Receive(Ack(Five, leader.Core));
        Assert.True(leader.Core.CommitIndex < proposed);

        Solo candidate = PreCandidate(members: members);
        Assert.Equal([Two, Three], candidate.All(MessageKind.PreVote).Select(question => question.To));
        Message question = candidate.The(MessageKind.PreVote, Two);
        candidate.Receive(Grant(question) with { From = Four });
        candidate.Receive(Grant(question) with { From = Five });
        Assert.Equal(Role.PreCandidate, candidate.Core.Role);
    }

    [Fact] // §4.2.1: else the cluster could not commit until it has caught up
    public void A_learner_is_promoted_only_once_it_has_caught_up()
    {
        Solo leader = Leader(members: Membership.Of((Member[])[.. ThreeVoters.Members, new(Four, MemberRole.Learner)]), term: 3);
        Solo fresh = Elected(members: leader.Core.Membership, term: 3);
        fresh.Persist();
        fresh.Receive(Ack(Two, fresh.Core));

        Assert.Equal(MembershipRefusal.NotCaughtUp, fresh.Change(MembershipChange.None.Promote(Four)).Refusal);
        Assert.True(leader.Change(MembershipChange.None.Promote(Four)).IsAppended);
    }

    [Fact] // §4.2.1
    public void A_member_that_joins_becomes_a_voter_by_itself_once_it_has_caught_up()
    {
        Solo leader = Leader();
        leader.Change(MembershipChange.None.Add(Four));
        CommitAll(leader, except: Four);
        Assert.Equal(MemberRole.Joining, leader.Core.Membership.Find(Four)!.Value.Role);

        leader.Receive(Ack(Four, leader.Core));

        Assert.True(leader.Core.Membership.IsJoint);
        CommitAll(leader);
        CommitAll(leader);
        Assert.Equal(Membership.Of(1, 2, 3, 4), leader.Core.Membership);
    }

    [Fact] // §4.2.1: what it showed before counts for nothing in its next life
    public void A_learner_that_restarts_has_to_catch_up_again()
    {
        Solo leader = Leader(members: Membership.Of((Member[])[.. ThreeVoters.Members, new(Four, MemberRole.Learner)]));

        leader.Receive(Ack(Four, leader.Core, last: 1) with { FromIncarnation = new Incarnation(2) });

        Assert.Equal(MembershipRefusal.NotCaughtUp, leader.Change(MembershipChange.None.Promote(Four)).Refusal);
    }

    [Fact] // §4.3: agreement takes separate majorities of both
    public void A_joint_configuration_commits_only_with_both_halves()
    {
        Solo leader = Replacing(out LogIndex joint);

        // All of the old voters, and of the new three only the leader.
        leader.Receive(Ack(Two, leader.Core));
        leader.Receive(Ack(Three, leader.Core));
        Assert.True(leader.Core.CommitIndex < joint);

        leader.Receive(Ack(Four, leader.Core));
        Assert.True(leader.Core.CommitIndex >= joint);

        // The other way round: all of the new voters, and of the old three only the leader.
        leader = Replacing(out joint);
        leader.Receive(Ack(Four, leader.Core));
        leader.Receive(Ack(Five, leader.Core));
        Assert.True(leader.Core.CommitIndex < joint);
    }

    [Fact] // §4.3
    public void A_joint_election_takes_both_halves()
    {
        Assert.Equal(MembershipRefusal.None, Mixed().TryChange(Replacement(), out Membership joint));
        Solo node = PreCandidate(members: joint);

        node.Receive(Grant(node.The(MessageKind.PreVote, Two)));
        node.Receive(Grant(node.The(MessageKind.PreVote, Three)));
        Assert.Equal(Role.PreCandidate, node.Core.Role);

        node.Receive(Grant(node.The(MessageKind.PreVote, Four)));
        Assert.Equal(Role.Candidate, node.Core.Role);

        node = PreCandidate(members: joint);
        node.Receive(Grant(node.The(MessageKind.PreVote, Four)));
        node.Receive(Grant(node.The(MessageKind.PreVote, Five)));
        Assert.Equal(Role.PreCandidate, node.Core.Role);
    }

    [Fact] // §4.3: until then the old half is all that holds a rival back
    public void The_joint_phase_is_left_once_it_is_committed_and_not_before()
    {
        Solo leader = Replacing(out LogIndex joint);
        leader.Receive(Ack(Two, leader.Core));
        Assert.Equal(joint, leader.Core.MembershipIndex);

        leader.Receive(Ack(Four, leader.Core));

        Assert.Equal((Membership.Of(1, 4, 5), joint.Next), (leader.Core.Membership, leader.Core.MembershipIndex));
    }

    [Fact] // §4.3: a commit below it is none of it
    public void The_joint_phase_is_not_left_when_an_entry_before_it_is_committed()
    {
        Solo leader = Leader(members: Mixed());
        LogIndex before = leader.Propose().Last.Index;
        leader.Change(Replacement());
        leader.Persist();

        leader.Receive(Ack(Two, leader.Core, last: before.Value));
        leader.Receive(Ack(Four, leader.Core, last: before.Value));

        Assert.Equal((before, before.Next), (leader.Core.CommitIndex, leader.Core.MembershipIndex));
        Assert.True(leader.Core.Membership.IsJoint);
    }

    [Fact] // §4.3: also by a leader that didn't begin it
    public void A_new_leader_leaves_a_joint_phase_that_it_finds()
    {
        Assert.Equal(MembershipRefusal.None, Mixed().TryChange(Replacement(), out Membership joint));
        Solo leader = Elected(members: joint);

        CommitAll(leader);

        Assert.Equal(Membership.Of(1, 4, 5), leader.Core.Membership);
    }

    [Fact] // §4.3
    public void A_joint_configuration_cannot_be_changed()
    {
        Solo leader = Replacing(out _);

        Assert.Equal(MembershipRefusal.ChangeInProgress, leader.Change(MembershipChange.None.AddLearner(new NodeId(9))).Refusal);
    }

    [Fact] // §4.2.2: it manages a cluster that it isn't part of until the new configuration is committed
    public void A_leader_that_is_removed_steps_down_once_that_is_committed_and_not_before()
    {
        Solo leader = Leader();
        leader.Change(MembershipChange.None.Remove(Self));
        CommitAll(leader);
        Assert.Equal((Role.Leader, Membership.Of(2, 3)), (leader.Core.Role, leader.Core.Membership));

        // Its own copy counts no more: both of the two that stay are needed.
        leader.Persist();
        leader.Receive(Ack(Two, leader.Core));
        Assert.Equal(Role.Leader, leader.Core.Role);
        leader.Forget();

        leader.Receive(Ack(Three, leader.Core));

        Assert.Equal(Role.Follower, leader.Core.Role);
        Assert.Single(leader.All(MessageKind.TimeoutNow));
        Assert.All(leader.All(MessageKind.Heartbeat), notice => Assert.Equal(leader.Core.CommitIndex, notice.Commit));
    }

    [Fact] // §4.2.2
    public void A_leader_that_is_demoted_steps_down_too()
    {
        Solo leader = Leader();
        leader.Change(MembershipChange.None.Demote(Self));

        CommitAll(leader);
        CommitAll(leader);

        Assert.Equal(Role.Follower, leader.Core.Role);
    }

    [Fact] // §4.2.2: the simulator's seed 1091; with its log the longest, nobody else could be elected
    public void A_leader_being_removed_that_restarts_with_an_old_commit_index_may_stand()
    {
        RestoredState disk = new()
        {
            HardState = new HardState(new Term(3), null, new LogIndex(1)),
            Log = [.. Disk([1, 2, 3, 3], 3).Log],
            Memberships =
            [
                (new LogIndex(1), Membership.Of(2)),
                (new LogIndex(2), Membership.Of(1, 2)),
                (new LogIndex(3), Membership.Of((Member[])
                    [new(Self, MemberRole.Leaving, VotesInOutgoing: true), new(Two, MemberRole.Voter, VotesInOutgoing: true)])),
                (new LogIndex(4), Membership.Of(2)),
            ],
        };
        Solo node = Restarted(disk);

        node.Pass(T * 2);

        Assert.Equal(Role.PreCandidate, node.Core.Role);
        Assert.Single(node.All(MessageKind.PreVote, Two));
    }

    [Fact] // §4.2.3
    public void A_removed_server_never_stands_again()
    {
        Solo node = Follower(log: [1, 1], commit: 2, members: Membership.Of(2, 3, 4));

        for (int i = 0; i < 5; i++)
        {
            node.Pass(T * 1.5);
        }

        Assert.Equal((Role.Follower, new Term(3)), (node.Core.Role, node.Core.Term));
        Assert.Empty(node.Sent);
    }

    [Fact] // §4.2.3: it doesn't hear of its removal and goes on standing
    public void A_removed_server_is_told_so_and_cannot_disturb()
    {
        Solo node = Following(log: [1, 3, 3], term: 3, commit: 1, members: Membership.Of(1, 2, 4));

        node.Receive(PreVote(Three, 9, 1, 1));
        Assert.Equal(MessageReason.LeaderAlive, node.The(MessageKind.PreVoteReply).Reason);

        node.Pass(T);
        node.Forget();
        node.Receive(PreVote(Three, 9, 1, 1));
        Assert.Equal(MessageReason.NotMember, node.The(MessageKind.PreVoteReply).Reason);
        Assert.Equal(new Term(3), node.Core.Term);
    }

    [Fact] // §4.2.3, from the other side: who knows that it was removed needn't ask for ever
    public void Who_was_told_of_its_removal_stands_no_more_until_a_leader_speaks()
    {
        Solo node = Following(members: ThreeVoters);
        node.Core.Retire(node.Now);
        node.Forget();

        node.Pass(T * 10);
        Assert.Empty(node.All(MessageKind.PreVote));
        Assert.Equal(Leaderlessness.Removed, node.Core.Status(node.Now).WhyNoLeader);

        node.Receive(Heartbeat(Two, 3));
        node.Pass(T * 2);
        Assert.NotEmpty(node.All(MessageKind.PreVote));
    }

    [Fact] // §4.1: it may be a voter by now and not know it
    public void A_vote_is_not_refused_for_what_a_server_believes_itself_or_the_candidate_to_be()
    {
        Solo learner = Follower(members: Membership.Of((Member[])[new(Two, MemberRole.Voter), new(Self, MemberRole.Learner)]));
        Solo stranger = Follower(members: Membership.Of(2, 3));

        foreach (Solo node in new[] { learner, stranger })
        {
            node.Receive(RequestVote(Five, 4, 3, 9));
            node.Persist();

            Assert.True(node.The(MessageKind.RequestVoteReply).IsGranted);
        }
    }

    [Theory] // §4.2.1, and for a witness architecture §3.6
    [InlineData(MemberRole.Learner, false)]
    [InlineData(MemberRole.Joining, false)]
    [InlineData(MemberRole.Voter, true)]
    public void Learners_and_witnesses_never_stand(MemberRole role, bool isWitness)
    {
        Solo node = Follower(members: Membership.Of((Member[])
            [new(Self, role, IsWitness: isWitness), new(Two, MemberRole.Voter), new(Three, MemberRole.Voter)]));

        Assert.False(node.Core.Campaign(node.Now));
        node.Pass(T * 1.5);
        node.Receive(TimeoutNow(Two, 3, last: 1));

        Assert.Equal((Role.Follower, new Term(3)), (node.Core.Role, node.Core.Term));
    }

    [Fact]
    public void A_witness_votes_and_completes_a_commit_and_gets_no_payload()
    {
        Membership members = Membership.Of((Member[])
            [new(Self, MemberRole.Voter), new(Two, MemberRole.Voter), new(Three, MemberRole.Voter, IsWitness: true)]);
        Solo leader = Leader(members: members);
        LogIndex committed = leader.Core.CommitIndex;
        LogIndex proposed = leader.Propose().Last.Index;
        leader.Persist();

        leader.Receive(Ack(Three, leader.Core));

        Assert.Equal(proposed, leader.Core.CommitIndex);
        Assert.Equal(committed, leader.Core.Status(leader.Now).SingleCopyAbove);
        Assert.All(leader.All(MessageKind.AppendEntries), append => Assert.Equal(append.To == Three, append.HeadersOnly));
    }

    [Fact] // §4.1, §3.6.2: a truncated change leaves the leader it made no traces
    public void A_deposed_leader_falls_back_to_the_configuration_before()
    {
        Solo leader = Leader(term: 3);
        ulong last = leader.Core.Log.Last.Index.Value;
        leader.Change(MembershipChange.None.Remove(Three));

        leader.Receive(Append(Two, 5, 4, last, count: 1));

        Assert.Equal(ThreeVoters, leader.Core.Membership);
    }

    [Fact] // §3.8: the commit index is volatile, so after a restart any number of configurations may lie above it
    public void A_restart_may_find_several_configurations_above_what_it_knows_to_be_committed()
    {
        RestoredState disk = Disk([1, 1, 1], term: 3);

        Solo node = Restarted(new RestoredState
        {
            HardState = disk.HardState,
            Log = disk.Log,
            Memberships = [(new LogIndex(1), ThreeVoters), (new LogIndex(2), Membership.Of(1, 2)), (new LogIndex(3), FiveVoters)],
        });

        Assert.Equal(FiveVoters, node.Core.Membership);
    }

    [Fact] // §3.8, §4.1: the leader restarted, so it doesn't know either
    public void A_follower_may_be_sent_several_configurations_above_the_commit_index()
    {
        Solo node = Following(log: [1], term: 3);

        node.Receive(Append(Two, 3, 1, 1, count: 1, entriesTerm: 1, commit: 1) with { Membership = Membership.Of(1, 2) });
        node.Receive(Append(Two, 3, 1, 2, count: 1, entriesTerm: 1, commit: 1) with { Membership = FiveVoters });

        Assert.Equal(FiveVoters, node.Core.Membership);
    }

    // Three voters, and two learners that are to take the place of two of them.
    private static Membership Mixed() => Membership.Of((Member[])
        [.. ThreeVoters.Members, new(Four, MemberRole.Learner), new(Five, MemberRole.Learner)]);

    private static MembershipChange Replacement() => MembershipChange.None.Promote(Four).Promote(Five).Remove(Two).Remove(Three);

    // A leader in the joint phase from {1, 2, 3} to {1, 4, 5}, with all of it durable on its own disk.
    private static Solo Replacing(out LogIndex joint)
    {
        Solo leader = Leader(members: Mixed());
        MembershipProposal proposal = leader.Change(Replacement());
        Assert.True(proposal.IsAppended);
        leader.Persist();
        joint = proposal.Entry.Index;
        return leader;
    }

    private static void CommitAll(Solo leader, NodeId? except = null)
    {
        leader.Persist();
        foreach (Member member in leader.Core.Membership.Members.ToArray())
        {
            if (member.Id != Self && member.Id != except && leader.Core.Role == Role.Leader)
            {
                leader.Receive(Ack(member.Id, leader.Core));
            }
        }
    }
}
