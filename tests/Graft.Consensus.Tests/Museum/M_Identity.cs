namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits L06, L08 and M01 to M05: who speaks, to whom, and in which of his lives.</summary>
public sealed class M_Identity
{
    [Fact] // L06: a node under two ids, or at a re-used address, talked to itself and stepped down (redis-raft bec180f).
    public void A_node_does_not_listen_to_itself()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);

        StepOutcome outcome = lab.Inject(lab.Draft(MessageKind.Heartbeat, from: 1, to: 1, term: 9) with { Round = 1 });

        Assert.Equal(StepOutcome.FromSelf, outcome);
        Assert.Equal((Role.Leader, new Term(2)), (lab[1].Role, lab[1].Term));
    }

    [Theory] // L08: order holds within one connection only.
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Everything_may_come_twice_and_in_any_order(ulong seed)
    {
        var random = new SeededRandom(seed);
        var lab = new Lab(1, 2, 3);
        lab.Duplicate(_ => true);
        for (int step = 0; step < 2000; step++)
        {
            if (lab.Leader is { } leader && random.Chance(100))
            {
                lab.Propose(leader.Id.Value, payload: (ulong)step);
            }

            // Three of four messages at the head of the queue are passed over.
            lab.DeliverOne(_ => random.Chance(250));
            if (random.Chance(100))
            {
                lab.Run(Lab.Ms(10));
            }
        }

        lab.Heal();
        lab.Run(Lab.T * 4);
        Assert.All(lab.Nodes, node => Assert.Equal(lab.Leader!.State, node.State));
    }

    [Fact] // M01: a wiped node came back under its old id, and voted as if it had nothing to remember (KAFKA-14077, redis-raft#2).
    public void A_wiped_node_is_a_new_node_and_completes_no_quorum()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(3);
        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver();
        Assert.Equal(write.Last.Index, lab[1].Commit);

        lab.Wipe(2, newId: 4);
        lab.Crash(1);
        lab.Heal();
        lab.Run(Lab.T * 10);

        Assert.Null(lab.Leader);
        lab.Restart(1);
        lab.Run(Lab.T * 10);
        Assert.True(lab.Leader!.Core.Log.Contains(write.Last));
    }

    [Fact] // M01: should it come back under its old id all the same, its leader notices.
    public void A_node_that_lost_its_disk_in_mid_life_is_not_counted_again()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Propose(1, payload: 1);
        lab.Deliver();
        lab.Hold(Lab.To(2));
        lab.Propose(1, payload: 2);
        MemberStatus before = D_Repair.Member(lab, 2);
        Assert.Equal(ProgressState.Replicate, before.State);
        lab[1].Core.ReportUnreachable(new NodeId(2), lab.Now);
        lab.Run(Lab.Ms(60));
        lab.Inject(lab.Draft(MessageKind.HeartbeatReply, from: 2, to: 1, term: 2) with { Round = 2 });
        Message probe = lab.Log.Last(Lab.Of(MessageKind.AppendEntries, from: 1, to: 2));

        StepOutcome outcome = lab.Inject(lab.Draft(MessageKind.AppendEntriesReply, from: 2, to: 1, term: 2) with
        {
            Reason = MessageReason.LogMismatch,
            Last = probe.Previous.Index,
            Sequence = probe.Sequence,
        });

        Assert.Equal(StepOutcome.LostAcknowledged, outcome);
        Assert.Equal(ProgressState.Suspect, D_Repair.Member(lab, 2).State);
        Assert.Contains("no longer holds", lab[1].Core.Status(lab.Now).Explain(), StringComparison.Ordinal);
    }

    [Fact] // M02: a node of one cluster was joined to another, and their histories mixed (NuRaft f51ca25, rqlite#2087).
    public void A_message_of_another_cluster_is_refused_and_counted()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        (Term, EntryId, NodeId?) before = (lab[2].Term, lab[2].Last, lab[2].Leader);
        MessageKind[] kinds = [.. Enum.GetValues<MessageKind>().Where(kind => kind != MessageKind.None)];

        foreach (MessageKind kind in kinds)
        {
            Message message = lab.Draft(kind, from: 3, to: 2, term: 9) with { Cluster = new ClusterId(2) };
            Assert.Equal(StepOutcome.ForeignCluster, lab.Inject(message));
        }

        Assert.Equal(before, (lab[2].Term, lab[2].Last, lab[2].Leader));
        RefusalCount count = Assert.Single(lab[2].Core.Status(lab.Now).Refusals, refusal => refusal.Reason == StepOutcome.ForeignCluster);
        Assert.Equal((ulong)kinds.Length, count.Count);
    }

    [Fact] // M03, M05: the messages for a dead node reached another at its address (etcd#17078, redpanda#9602).
    public void A_message_for_another_node_is_refused()
    {
        var lab = new Lab(1, 2, 3);
        lab.Join(4);
        lab.Elect(1);

        foreach (Message message in lab.Log.Where(Lab.To(3)).ToArray())
        {
            Assert.Equal(StepOutcome.NotForUs, lab.Inject(message, at: 4));
        }

        Assert.Equal((new Term(0), EntryId.Zero), (lab[4].Term, lab[4].Last));
    }

    [Fact] // M05: with a dead member and a new one at its address, the members couldn't be changed any more.
    public void A_dead_member_can_be_replaced_by_one_that_lives_where_it_lived()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Wipe(3, newId: 5);

        lab.Change(1, MembershipChange.None.Remove(new NodeId(3)).Add(new NodeId(5)));
        lab.Run(Lab.T * 2);

        Assert.Equal([new NodeId(1), new NodeId(2), new NodeId(5)], lab[1].Membership.IncomingVoters.ToArray());
        Assert.Equal(lab[1].State, lab[5].State);
    }

    [Theory] // Its headers matched, so it was promoted, and could be elected to serve what it never had; or the other way round.
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void A_member_that_comes_back_as_the_other_sort_is_called_unfit_and_never_promoted(bool wasWitness, bool restarts)
    {
        var lab = new Lab(Membership.Of((Member[])
        [
            new(new NodeId(1), MemberRole.Voter), new(new NodeId(2), MemberRole.Voter),
            new(new NodeId(3), MemberRole.Voter, IsWitness: wasWitness), new(new NodeId(4), MemberRole.Voter),
        ]));
        lab.Elect(1);
        lab.Propose(1, payload: 1);
        lab.Run(Lab.T);
        lab.Change(1, MembershipChange.None.Remove(new NodeId(3)));
        lab.Run(Lab.T);
        if (restarts)
        {
            lab.Crash(3);
            lab.Restart(3);
        }

        MembershipChange back = wasWitness ? MembershipChange.None.Add(new NodeId(3)) : MembershipChange.None.AddWitness(new NodeId(3));
        Assert.Equal(MembershipRefusal.None, lab.Change(1, back).Refusal);
        lab.Run(Lab.T * 10);

        Assert.Equal((ProgressState.Unfit, MemberRole.Joining), (D_Repair.Member(lab, 3).State, D_Repair.Member(lab, 3).Member.Role));
        Assert.Contains("a new id and an empty disk", lab[1].Core.Status(lab.Now).Explain(), StringComparison.Ordinal);
        Assert.Equal(TransferRefusal.NotEligible, lab.Transfer(1, 3));
        Assert.Equal(MembershipRefusal.NotCaughtUp, lab.Change(1, MembershipChange.None.Promote(new NodeId(3))).Refusal);

        lab.Wipe(3, newId: 5);
        lab.Change(1, wasWitness ? MembershipChange.None.Add(new NodeId(5)) : MembershipChange.None.AddWitness(new NodeId(5)));
        lab.Run(Lab.T * 2);
        Assert.Equal((ProgressState.Replicate, MemberRole.Voter), (D_Repair.Member(lab, 5).State, D_Repair.Member(lab, 5).Member.Role));
    }
}
