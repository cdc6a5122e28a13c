using static Graft.Consensus.Tests.Museum.MembershipFacts;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits E01 to E12: who counts, and from when. docs/internals/museum.md is the catalogue.</summary>
public sealed class E_Membership
{
    [Fact] // E01: a change before the leader's first own-term commit met an older one without a common quorum (Ongaro 2015).
    public void No_change_is_begun_before_an_entry_of_the_own_term_is_committed()
    {
        var lab = new Lab(1, 2, 3, 4);
        lab.Join(5);
        lab.Elect(1);
        lab.Change(1, MembershipChange.None.AddLearner(N(5)));
        lab.Run(Lab.Ms(20));
        lab.Hold(Lab.Of(MessageKind.AppendEntries));
        Assert.True(lab.Change(1, MembershipChange.None.Promote(N(5))).IsAppended);
        lab.Crash(1);
        lab.DropInFlight(_ => true);

        lab.Elect(2);
        Assert.Equal(MembershipRefusal.NoOwnTermCommit, lab.Change(2, MembershipChange.None.Remove(N(1))).Refusal);

        lab.Release();
        lab.Deliver();
        Assert.True(lab.Change(2, MembershipChange.None.Remove(N(1))).IsAppended);
        lab.Restart(1);
        AssertConverges(lab);
    }

    [Fact] // E02: the configuration was taken at apply, so two nodes counted different majorities (etcd#7625, valkey#3926).
    public void A_configuration_counts_from_its_append_however_late_it_is_applied()
    {
        for (int delivered = 0; delivered < 40; delivered++)
        {
            var lab = new Lab(1, 2, 3);
            lab.Join(4);
            lab.Elect(1);
            lab.HoldApply(3, held: true);
            lab.Change(1, MembershipChange.None.Add(N(4)));
            for (int i = 0; i < delivered; i++)
            {
                lab.DeliverOne(_ => true);
                Assert.All(lab.Up, AssertFolded);
            }

            lab.Crash(1);
            Assert.True(lab.RunUntil(() => lab.Leader is { } leader && leader.Commit == leader.Last.Index, Lab.T * 20));
            lab.HoldApply(3, held: false);
            lab.Restart(1);
            AssertConverges(lab);
        }
    }

    [Fact] // E03: a node campaigned under the old set with a committed change unapplied (etcd#7280).
    public void Who_stands_asks_the_voters_of_the_newest_configuration_in_its_log()
    {
        var lab = new Lab(1, 2, 3, 4);
        lab.Elect(2);
        lab.HoldApply(3, held: true);
        lab.Change(2, MembershipChange.None.Remove(N(1)));
        lab.Deliver();
        Assert.Equal(Membership.Of(2, 3, 4), lab[3].Membership);
        lab.Crash(2);
        lab.DropInFlight(_ => true);
        int before = lab.Log.Count;

        lab.Elect(3);

        Assert.DoesNotContain(lab.Log.Skip(before), message => message.From == N(3) && message.To == N(1));
    }

    [Theory] // E04: the joint state was left several times, or never (etcd bd3c759, 477ebd8).
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_joint_configuration_is_left_exactly_once(int entriesBehindIt)
    {
        for (int delivered = 0; delivered < 24; delivered++)
        {
            var lab = new Lab(1, 2, 3, 4);
            lab.Elect(1);
            lab.Run(Lab.Ms(20));
            MembershipProposal joint = lab.Change(1, MembershipChange.None.Remove(N(4)));
            for (int i = 0; i < entriesBehindIt; i++)
            {
                lab.Propose(1, (ulong)i + 1);
            }

            for (int i = 0; i < delivered; i++)
            {
                lab.DeliverOne(_ => true);
            }

            lab.Crash(1);
            lab.DropInFlight(_ => true);
            lab.Run(Lab.T * 4);
            lab.Restart(1);
            AssertConverges(lab);

            LabNode leader = lab.Leader!;
            int configurations = CountAbove(leader, joint.Entry.Index.Previous);
            Assert.True(configurations is 0 or 2, $"{configurations} configurations after {delivered} messages");
        }
    }

    [Fact] // E06: a recovered joint configuration was left before it was committed (camunda#60086, #61854).
    public void A_new_leader_leaves_a_joint_configuration_only_once_both_halves_have_it()
    {
        var lab = new Lab(Membership.Of([Voter(1), Voter(2), Voter(3), Learner(4), Learner(5)]));
        lab.Elect(1);
        lab.Run(Lab.Ms(100));
        lab.Hold(Lab.Of(MessageKind.AppendEntries));
        LogIndex joint = lab.Change(1, MembershipChange.None.Promote(N(4)).Promote(N(5)).Remove(N(1)).Remove(N(2))).Entry.Index;
        lab.Release(Lab.To(2));
        lab.Deliver();
        lab.Crash(1);
        lab.DropInFlight(_ => true);
        lab.Elect(2);

        // n2 and n3 are a majority of {1,2,3}; of {3,4,5} only n3 has it.
        lab.Release();
        lab.Hold(message => message.Kind == MessageKind.AppendEntries && message.To.Value is 4 or 5);
        lab.Run(Lab.Ms(100));
        Assert.True(lab[3].Last.Index > joint);
        Assert.True(lab[2].Commit < joint);
        Assert.True(lab[2].Membership.IsJoint);

        lab.Release();
        lab.Deliver();
        lab.Run(Lab.T * 3);
        Assert.Equal(Membership.Of(3, 4, 5), lab[3].Membership);
    }

    [Fact] // E06, in the shape of the report: {1,2} -> {1}.
    public void A_change_from_two_to_one_survives_the_death_of_its_leader_between_append_and_commit()
    {
        var lab = new Lab(1, 2);
        lab.Elect(2);
        lab.Run(Lab.Ms(20));
        lab.Hold(Lab.Of(MessageKind.AppendEntriesReply));
        LogIndex joint = lab.Change(2, MembershipChange.None.Remove(N(2))).Entry.Index;
        lab.Deliver();
        lab.Crash(2);
        lab.DropInFlight(_ => true);
        lab.Release();

        // n1 has the joint configuration and is all of its new half; the old half still needs n2.
        lab.Run(Lab.T * 4);
        Assert.NotEqual(Role.Leader, lab[1].Role);
        Assert.True(lab[1].Commit < joint);
        Assert.True(lab[1].Membership.IsJoint);

        lab.Restart(2);
        AssertConverges(lab);
        Assert.Equal(Membership.Of(1), lab.Leader!.Membership);
    }

    [Fact] // E08: a learner refused a vote because it didn't know yet that it was a voter (etcd abb533c).
    public void A_learner_that_is_a_voter_by_now_votes_although_it_does_not_know()
    {
        var lab = new Lab(Membership.Of([Learner(1), Voter(2), Voter(3)]));
        lab.Elect(2);
        lab.Run(Lab.Ms(100));
        lab.Drop(message => message.Kind == MessageKind.AppendEntries && message.To == N(1));
        Assert.True(lab.Change(2, MembershipChange.None.Promote(N(1))).IsAppended);
        lab.Run(Lab.Ms(20));
        Assert.Equal(Membership.Of(1, 2, 3), lab[3].Membership);
        Assert.False(lab[1].Membership.IsVoter(N(1)));

        lab.Crash(2);
        lab.Heal();
        lab.Elect(3);

        Assert.Equal(N(3), lab[1].VotedFor);
    }

    [Fact] // E09: a learner restarted as a voter, or stood when it was told to (etcd db54973, hashicorp#483).
    public void A_learner_or_witness_never_stands()
    {
        var lab = new Lab(Membership.Of([Voter(1), Voter(2), new Member(N(3), MemberRole.Voter, IsWitness: true), Learner(4)]));
        lab.Elect(1);
        lab.Run(Lab.Ms(100));
        Assert.Equal(TransferRefusal.NotEligible, lab.Transfer(1, 3));
        Assert.Equal(TransferRefusal.NotEligible, lab.Transfer(1, 4));
        lab.Inject(lab.Draft(MessageKind.TimeoutNow, 1, 4, 2) with { Last = lab[4].Last.Index });

        lab.Crash(1);
        lab.Crash(2);
        foreach (ulong id in new ulong[] { 3, 4 })
        {
            Assert.False(lab.Campaign(id));
            lab.Crash(id);
            lab.Restart(id);
        }

        lab.Run(Lab.T * 100);

        Assert.DoesNotContain(lab.Log, message => message.From.Value is 3 or 4 && message.Kind is MessageKind.PreVote or MessageKind.RequestVote);
    }

    [Fact] // E10: a leader that removed itself left before it had told anybody, or stayed (openraft 0023cff1, canonical 8d575a1).
    public void A_leader_that_is_removed_commits_that_without_itself_tells_the_others_and_goes()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Hold(message => message.Kind == MessageKind.AppendEntries && message.To == N(3));
        LogIndex joint = lab.Change(1, MembershipChange.None.Remove(N(1))).Entry.Index;
        lab.Deliver();

        // Of {1,2,3} a majority has it, of {2,3} there is only n2.
        Assert.True(lab[1].Commit < joint);
        lab.Release();
        lab.Deliver();

        Assert.Equal(Role.Follower, lab[1].Role);
        Assert.Equal(joint.Next, lab[1].Commit);
        Assert.All([lab[2], lab[3]], node => Assert.True(node.Commit >= joint.Next));
        int before = lab.Log.Count;
        Assert.True(lab.RunUntil(() => lab.Leader is not null, Lab.T * 2));
        lab.Run(Lab.T * 20);
        Assert.DoesNotContain(lab.Log.Skip(before), message => message.From == N(1));
    }

    [Fact] // E11, A09: a removed server that nobody had told campaigned for ever (logcabin 4f74c25).
    public void A_removed_node_never_disturbs()
    {
        var lab = new Lab(1, 2, 3, 4);
        lab.Elect(1);
        lab.Isolate(4);
        lab.Change(1, MembershipChange.None.Remove(N(4)));
        lab.Run(Lab.Ms(20));
        lab.Heal();

        lab.Run(Lab.T * 100);

        Assert.Equal(new Term(2), lab[1].Term);
        Assert.Equal(Role.Leader, lab[1].Role);
        Assert.True(lab.CountSent(MessageKind.PreVote, from: 4) > 50);
        Assert.Equal(0, lab.CountSent(MessageKind.RequestVote, from: 4));
    }

    [Fact] // E11: a server that isn't in its own newest configuration must still be able to stand (thesis §4.2.2).
    public void A_leader_on_its_way_out_may_stand_again_while_its_removal_is_not_committed()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Hold(Lab.Of(MessageKind.AppendEntries));
        LogIndex joint = lab.Change(1, MembershipChange.None.Remove(N(1))).Entry.Index;
        lab.Release(message => true);
        lab.Deliver();
        Assert.Equal(joint.Next, lab[1].Core.MembershipIndex);
        Assert.False(lab[1].Membership.IsVoter(N(1)));
        lab.Crash(1);
        lab.DropInFlight(_ => true);
        lab.Release();
        lab.Restart(1);

        lab.TimeOut(1);
        lab.Deliver();

        // It led for as long as it took to commit its own removal.
        Assert.Contains(lab.Log, message => message.From == N(1) && message.Kind == MessageKind.AppendEntries && message.Term == new Term(3));
        Assert.Equal(Membership.Of(2, 3), lab.Leader!.Membership);
        Assert.NotEqual(N(1), lab.Leader.Id);
    }

    [Fact] // E12: a configuration whose entry a snapshot had replaced stayed in force (openraft#1808).
    public void An_installed_snapshot_replaces_a_configuration_that_it_covers()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(3);
        lab.Run(Lab.Ms(20));
        lab.Isolate(3);
        lab.Change(3, MembershipChange.None.Remove(N(2)));
        lab.Elect(1);
        for (ulong payload = 1; payload <= 20; payload++)
        {
            lab.Propose(1, payload);
        }

        lab.Run(Lab.Ms(20));
        Assert.True(lab.Snapshot(1));
        Assert.True(lab[3].Membership.IsJoint);

        lab.Heal();
        lab.Run(Lab.T * 2);

        Assert.Equal(lab[1].Membership, lab[3].Membership);
        Assert.Equal(lab[1].Core.MembershipIndex, lab[3].Core.MembershipIndex);
        Assert.Equal(lab[1].State, lab[3].State);
    }

    private static int CountAbove(LabNode node, LogIndex index)
    {
        int count = 0;
        for (LogIndex at = index.Next; at <= node.Last.Index; at = at.Next)
        {
            count += node.Host!.Find(at)?.Membership is null ? 0 : 1;
        }

        return count;
    }
}
