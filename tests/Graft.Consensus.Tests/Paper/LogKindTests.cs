using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Paper;

/// <summary>A log with payloads and a witness's log of headers look the same by index and term. A node remembers which it has.</summary>
public sealed class LogKindTests
{
    [Theory]
    [InlineData(LogKind.Full)]
    [InlineData(LogKind.HeadersOnly)]
    public void The_first_entries_decide_the_kind_of_a_log_and_make_it_durable(LogKind kind)
    {
        Solo node = Founded();
        Assert.Equal(LogKind.Undecided, node.Core.LogKind);
        node.Receive(Heartbeat(Two, 1));

        node.Receive(Append(Two, 1, 1, 1) with { Flags = FlagsOf(kind) });
        Assert.Equal(LogKind.Undecided, node.Core.LogKind);
        node.Receive(Append(Two, 1, 1, 1, count: 2) with { Flags = FlagsOf(kind) });

        PersistOrder order = Assert.Single(node.Orders);
        Assert.True(order.HasEntries);
        Assert.Equal((kind, kind), (node.Core.LogKind, order.HardState!.Value.Log));
        node.Receive(Append(Two, 1, 1, 3, count: 1) with { Flags = FlagsOf(kind) });
        node.Persist();
        Assert.Equal(4UL, node.AcknowledgedTo(Two));
    }

    [Fact]
    public void Who_leads_has_payloads()
    {
        Solo node = Founded();
        node.Pass(T * 2);
        node.Receive(Grant(node.The(MessageKind.PreVote, Two)));
        node.Persist();
        node.Receive(Grant(node.The(MessageKind.RequestVote, Two)));

        Assert.Equal((Role.Leader, LogKind.Full), (node.Core.Role, node.Core.LogKind));
        Assert.Equal(LogKind.Full, Assert.Single(node.Orders).HardState!.Value.Log);
    }

    [Theory] // an empty append too: accepted, it would say that the logs agree
    [InlineData(LogKind.HeadersOnly, 0)]
    [InlineData(LogKind.HeadersOnly, 2)]
    [InlineData(LogKind.Full, 0)]
    [InlineData(LogKind.Full, 2)]
    public void A_log_of_one_kind_takes_nothing_of_the_other(LogKind kind, ulong count)
    {
        Solo node = Restored(kind);
        LogKind other = kind == LogKind.Full ? LogKind.HeadersOnly : LogKind.Full;

        node.Receive(Append(Two, 3, 1, 3, count, commit: 3, sequence: 8) with { Flags = FlagsOf(other) });
        node.Receive(Offer(Two, 3, SnapshotAt(1, 2)) with { Flags = FlagsOf(other) });
        node.Receive(Offer(Two, 3, SnapshotAt(3, 9)) with { Flags = FlagsOf(other) });
        node.Persist();

        Message reply = node.The(MessageKind.AppendEntriesReply);
        Assert.Equal((false, MessageReason.OtherLogKind, 8UL), (reply.IsGranted, reply.Reason, reply.Sequence));
        Assert.All(node.All(MessageKind.InstallSnapshotReply), answer => Assert.Equal(MessageReason.OtherLogKind, answer.Reason));
        Assert.Equal(2, node.All(MessageKind.InstallSnapshotReply).Length);
        Assert.Null(node.ToReceive);
        Assert.Equal((3UL, 1UL, kind), (node.Core.Log.Last.Index.Value, node.Core.CommitIndex.Value, node.Core.LogKind));
    }

    [Fact] // it is a voter with payloads by the configuration, and its log is as good as any by its headers
    public void A_log_of_headers_never_leads_whatever_the_configuration_says()
    {
        Solo node = Restored(LogKind.HeadersOnly);
        node.Pass(T * 2);
        Assert.False(node.Core.Campaign(node.Now));
        node.Receive(Heartbeat(Two, 3));

        Assert.Equal(StepOutcome.Stale, node.Receive(TimeoutNow(Two, 3, last: 3)));

        Assert.Equal(Role.Follower, node.Core.Role);
        node.Pass(T * 2);
        Assert.Equal(Leaderlessness.CannotLead, node.Core.Status(node.Now).WhyNoLeader);
        Assert.Equal(LogKind.HeadersOnly, node.Core.Status(node.Now).LogKind);
    }

    [Fact] // a snapshot is stored by itself; after a crash it doesn't say whether there is a state behind it
    public void The_kind_is_durable_before_the_first_snapshot_is_fetched()
    {
        Solo node = Restarted(RestoredState.Blank);

        node.Receive(Offer(Two, 3, SnapshotAt(1, 5)) with { Flags = FlagsOf(LogKind.HeadersOnly) });
        Assert.Null(node.ToReceive);
        Assert.Equal(LogKind.HeadersOnly, Assert.Single(node.Orders).HardState!.Value.Log);
        node.Persist();

        Assert.Equal(EntryId.Of(1, 5), node.ToReceive!.Last);
        Assert.True(node.Core.SnapshotReceived(EntryId.Of(1, 5), node.Now));
        node.Take();
        node.Persist();
        Assert.Equal(5UL, node.AcknowledgedTo(Two));
    }

    [Fact]
    public void A_member_whose_log_is_of_the_other_kind_counts_for_nothing_until_another_life_speaks()
    {
        Solo leader = Elected();
        Message probe = leader.The(MessageKind.AppendEntries, Two);
        leader.Receive(Answer(probe) with { Reason = MessageReason.OtherLogKind, Last = probe.Previous.Index });
        leader.Forget();

        Assert.Equal(StepOutcome.Stale, leader.Receive(Ack(Two, leader.Core)));
        leader.Persist();
        leader.Pass(Heartbeats);
        leader.AnswerHeartbeats();

        MemberStatus member = leader.Core.Status(leader.Now).Members.Single(member => member.Member.Id == Two);
        Assert.Equal((ProgressState.Unfit, LogIndex.Zero), (member.State, member.Match));
        Assert.Contains("n2 was a witness", leader.Core.Status(leader.Now).Explain(), StringComparison.Ordinal);
        Assert.Equal(1UL, leader.Core.CommitIndex.Value);
        Assert.Empty(leader.All(MessageKind.AppendEntries, Two));
        Assert.Equal(TransferRefusal.NotEligible, leader.Transfer(Two));

        leader.Pass(Heartbeats);
        leader.Receive(Answer(leader.All(MessageKind.Heartbeat, Two)[^1]) with { FromIncarnation = new Incarnation(2) });
        Assert.Single(leader.All(MessageKind.AppendEntries, Two));
    }

    [Fact] // removed and added again under one leader: what was said of the member before isn't said of the one now
    public void A_refusal_from_before_it_was_a_member_makes_nobody_unfit()
    {
        Solo leader = Leader();
        leader.Change(MembershipChange.None.AddLearner(Four));
        Message probe = leader.The(MessageKind.AppendEntries, Four);
        Message late = Answer(probe) with { Reason = MessageReason.OtherLogKind, Last = probe.Previous.Index, Sequence = probe.Sequence - 1 };

        Assert.Equal(StepOutcome.Stale, leader.Receive(late));
        Assert.Equal(StepOutcome.Accepted, leader.Receive(late with { Sequence = probe.Sequence }));
    }

    private static MessageFlags FlagsOf(LogKind kind) => kind == LogKind.HeadersOnly ? MessageFlags.HeadersOnly : MessageFlags.None;

    private static Solo Founded() => Restarted(RestoredState.Founding(ThreeVoters));

    // Term 3, entries 1@1 to 3@1, and a configuration in which this node votes in full.
    private static Solo Restored(LogKind kind)
    {
        RestoredState disk = Disk([1, 1, 1], term: 3);
        return Restarted(new RestoredState
        {
            HardState = disk.HardState with { Log = kind },
            Log = disk.Log,
            Memberships = disk.Memberships,
        });
    }
}
