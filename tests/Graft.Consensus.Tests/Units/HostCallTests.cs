using Graft.Consensus.Tests.Paper;
using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Units;

/// <summary>What a host may say, when it may say it late, and what it may not say at all.</summary>
public sealed class HostCallTests
{
    private static readonly TimeSpan[] BeforeNow = [Timeout.InfiniteTimeSpan, TimeSpan.FromTicks(-1), TimeSpan.MinValue];

    [Fact] // Sequences that began anew in each leadership made a late report look like one of the present.
    public void A_report_of_an_earlier_leadership_is_not_taken_for_one_of_this()
    {
        Solo node = Elected(log: [1, 1, 1, 1, 1], term: 3);
        Message old = OrderClipped(node);
        node.Receive(Heartbeat(Three, 5));
        LeadAgain(node);
        Message order = OrderClipped(node);
        Assert.Equal((old.Previous, old.Last), (order.Previous, order.Last));
        Assert.True(order.Sequence > old.Sequence);

        node.Core.ReportSent(Two, old.Sequence, new LogIndex(3), 10, node.Now);
        node.Forget();
        node.Receive(Ack(Two, node.Core, last: 1));

        Assert.Equal(1UL, node.The(MessageKind.AppendEntries, Two).Previous.Index.Value);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(6, 10)]
    [InlineData(3, -1)]
    public void A_report_of_what_was_never_ordered_is_refused_and_changes_nothing(ulong last, long bytes)
    {
        Solo leader = Elected(log: [1, 1, 1, 1, 1], term: 3);
        OrderClipped(leader);
        leader.Receive(Ack(Two, leader.Core, last: 1));
        Message order = leader.All(MessageKind.AppendEntries, Two)[^1];

        Assert.Throws<ArgumentOutOfRangeException>(() => leader.Core.ReportSent(Two, order.Sequence, new LogIndex(last), bytes, leader.Now));

        leader.Core.CheckInvariants();
        leader.Forget();
        leader.Core.ReportSent(Two, order.Sequence, new LogIndex(3), 10, leader.Now);
        leader.Take();
        Assert.Equal(3UL, leader.The(MessageKind.AppendEntries, Two).Previous.Index.Value);
    }

    [Fact]
    public void What_was_acknowledged_before_the_report_of_it_came_fills_no_window()
    {
        Solo leader = Elected(log: [1, 1, 1, 1, 1], term: 3);
        OrderClipped(leader);
        leader.Receive(Ack(Two, leader.Core, last: 1));
        Message order = leader.All(MessageKind.AppendEntries, Two)[^1];
        leader.Receive(Ack(Two, leader.Core, last: 3));

        leader.Core.ReportSent(Two, order.Sequence, new LogIndex(3), 10, leader.Now);

        Assert.Equal(0, leader.Core.Status(leader.Now).Members.Single(member => member.Member.Id == Two).InFlight);
    }

    [Fact] // A follower that let it pass would have its host fall over on the day on which it leads.
    public void A_proposal_of_nothing_or_of_less_than_nothing_is_refused_in_every_role()
    {
        Solo candidate = Follower();
        candidate.Pass(T * 1.5);
        Solo stopped = Leader();
        stopped.Core.StorageFailed(stopped.Now);

        foreach (Solo node in new[] { Leader(), Follower(), candidate, stopped })
        {
            LogIndex last = node.Core.Log.Last.Index;

            Assert.Equal("sizes", Assert.Throws<ArgumentException>(() => node.Core.Propose([], node.Now)).ParamName);
            Assert.Equal("sizes", Assert.Throws<ArgumentOutOfRangeException>(() => node.Core.Propose([1, -1, 1], node.Now)).ParamName);
            Assert.Equal("sizes", Assert.Throws<ArgumentOutOfRangeException>(() => node.Core.Propose([int.MinValue], node.Now)).ParamName);

            Assert.Equal(last, node.Core.Log.Last.Index);
        }

        Solo leader = Leader();
        Assert.True(leader.Core.Propose([0], leader.Now).IsAppended);
    }

    [Fact]
    public void A_freshly_founded_node_waits_for_an_election_timeout_before_it_stands()
    {
        var now = new Instant(0);
        var options = new RaftOptions { Cluster = new ClusterId(1), Node = new NodeId(1), Incarnation = new Incarnation(1), Seed = 1, ElectionTimeout = T };
        var core = new RaftCore(options, RestoredState.Founding(Membership.Of(1, 2, 3)), now);

        Assert.False(core.Campaign(now));
        Assert.False(core.Campaign(now + (T - TimeSpan.FromTicks(1))));
        Assert.True(core.Campaign(now + T));
    }

    [Fact]
    public void A_wait_that_ends_before_it_begins_is_refused()
    {
        Solo leader = Leader();

        Assert.All(BeforeNow, wait => Assert.Throws<ArgumentOutOfRangeException>(
            () => leader.Core.Read(new ReadId(1), ReadLevel.Linearizable, wait, leader.Now)));
        Assert.All(BeforeNow, wait => Assert.Throws<ArgumentOutOfRangeException>(
            () => leader.Core.TransferLeadership(Two, wait, leader.Now)));

        leader.Take();
        Assert.Equal((0, null), (leader.Core.Status(leader.Now).ReadsPending, leader.Core.Status(leader.Now).TransferTarget));
        Assert.Empty(leader.Reads);
    }

    [Fact]
    public void A_wait_may_be_endless_and_be_over_at_once()
    {
        Solo leader = Leader();
        leader.Read(1, timeout: TimeSpan.MaxValue);
        Assert.Equal(TransferRefusal.None, leader.Core.TransferLeadership(Two, TimeSpan.MaxValue, leader.Now));
        leader.Pass(Heartbeats);
        leader.AnswerHeartbeats();
        Assert.Equal([ReadOutcome.Confirmed], leader.Reads.Select(read => read.Outcome));
        Assert.Equal(Two, leader.Core.Status(leader.Now).TransferTarget);

        Solo follower = Follower();
        follower.Read(2, timeout: TimeSpan.Zero);
        follower.Pass(TimeSpan.Zero);
        Assert.Equal([ReadOutcome.NoLeader], follower.Reads.Select(read => read.Outcome));
    }

    [Theory] // whoever asked would wait for ever
    [InlineData(true)]
    [InlineData(false)]
    public void A_transfer_and_every_read_end_when_the_storage_fails(bool stillLeads)
    {
        Solo leader = Leader(term: 3);
        leader.Transfer(Two);
        if (!stillLeads)
        {
            leader.Receive(RequestVote(Two, 5, 4, leader.Core.Log.Last.Index.Value, MessageFlags.Transfer));
        }

        leader.Read(1);
        leader.Core.StorageFailed(leader.Now);
        leader.Take();

        Assert.Equal([new TransferResult(Two, TransferOutcome.Stopped)], leader.Transfers);
        Assert.Equal([ReadOutcome.Stopped], leader.Reads.Select(read => read.Outcome));
        leader.Pass(T * 3);
        Assert.Single(leader.Transfers);
    }

    [Fact] // each wake-up was a pause, and each pause put the doubt off
    public void A_host_whose_timers_are_always_late_is_excused_once_for_each_contact_with_a_quorum()
    {
        Solo leader = Leader();
        for (int i = 0; i < 20; i++)
        {
            leader.Pass(Heartbeats + (T / 3));
            leader.AnswerHeartbeats();
        }

        Assert.Equal(Role.Leader, leader.Core.Role);
        for (int i = 0; i < 20 && leader.Core.Role == Role.Leader; i++)
        {
            leader.Pass(Heartbeats + (T / 3));
        }

        Assert.Equal(Role.Follower, leader.Core.Role);
    }

    // Refuses the only probe so far, so that the next one begins in the part of the log whose sizes only the host knows.
    private static Message OrderClipped(Solo leader)
    {
        leader.Receive(RefuseAppend(leader.The(MessageKind.AppendEntries, Two), hintTerm: 1, hint: 1));
        Message order = leader.All(MessageKind.AppendEntries, Two)[^1];
        Assert.Equal((true, 1UL), (order.HostClips, order.Previous.Index.Value));
        return order;
    }

    private static void LeadAgain(Solo node)
    {
        node.Persist();
        node.Forget();
        node.Pass(T * 1.5);
        node.Receive(Grant(node.The(MessageKind.PreVote, Two)));
        node.Persist();
        node.Receive(Grant(node.The(MessageKind.RequestVote, Two)));
        Assert.Equal(Role.Leader, node.Core.Role);
    }
}
