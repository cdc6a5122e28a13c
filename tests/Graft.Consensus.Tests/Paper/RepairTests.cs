using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Paper;

/// <summary>The promises of a node whose log lost entries to rot (Alagappan et al., Protocol-Aware Recovery, FAST'18).</summary>
public sealed class RepairTests
{
    [Fact]
    public void Who_lost_what_it_acknowledged_never_stands()
    {
        Solo node = Lost(EntryId.Of(3, 5));

        node.Pass(T * 20);

        Assert.Equal(Role.Follower, node.Core.Role);
        Assert.Empty(node.Sent);
        Assert.Equal(Leaderlessness.Repairing, node.Core.Status(node.Now).WhyNoLeader);
    }

    [Theory]
    [InlineData(3, 5, true)]
    [InlineData(4, 2, true)]
    [InlineData(3, 4, false)]
    public void It_votes_only_for_who_has_all_that_it_acknowledged(ulong lastTerm, ulong lastIndex, bool granted)
    {
        Solo node = Lost(EntryId.Of(3, 5));
        node.Pass(T * 2);

        node.Receive(RequestVote(Two, 5, lastTerm, lastIndex));
        node.Persist();

        Assert.Equal(granted, node.The(MessageKind.RequestVoteReply).IsGranted);
    }

    [Fact]
    public void Not_knowing_what_it_acknowledged_it_votes_for_nobody()
    {
        Solo node = Lost(null);
        node.Pass(T * 2);

        node.Receive(RequestVote(Two, 5, 4, 900));
        node.Persist();

        Assert.Equal(MessageReason.Repairing, node.The(MessageKind.RequestVoteReply).Reason);
    }

    [Fact]
    public void It_acknowledges_nothing_beyond_the_gap()
    {
        Solo node = Lost(EntryId.Of(3, 5));

        node.Receive(Append(Two, 3, 3, 5, count: 1));
        node.Persist();

        Assert.Equal(MessageReason.LogMismatch, node.The(MessageKind.AppendEntriesReply).Reason);
    }

    [Fact]
    public void It_is_done_once_it_durably_holds_as_much_again()
    {
        Solo node = Lost(EntryId.Of(3, 5));

        node.Receive(Append(Two, 3, 3, 2, count: 3));
        Assert.True(node.Core.IsRepairing);
        node.Persist();

        Assert.False(node.Core.IsRepairing);
    }

    [Fact]
    public void Without_the_mark_it_is_done_when_a_leader_that_knows_this_life_has_given_it_all_that_was_committed()
    {
        Solo node = Lost(null);

        node.Receive(Append(Two, 3, 3, 2, count: 2, commit: 5));
        node.Persist();
        Assert.True(node.Core.IsRepairing);
        node.Receive(Append(Two, 3, 3, 4, count: 2, commit: 6));
        node.Persist();

        Assert.False(node.Core.IsRepairing);
    }

    [Fact] // A message from before the crash names a commit index from before the acknowledgements that were lost.
    public void Without_the_mark_a_message_that_does_not_name_this_life_proves_nothing()
    {
        Solo node = Lost(null);

        node.Receive(Append(Two, 3, 3, 2, count: 2, commit: 4) with { ToIncarnation = Incarnation.Unknown });
        node.Persist();

        Assert.True(node.Core.IsRepairing);
    }

    // Term 3, entries 1@1 and 2@3 intact, the rest rotten.
    private static Solo Lost(EntryId? highestAcknowledged)
    {
        RestoredState disk = Disk([1, 3], term: 3);
        return Restarted(new RestoredState
        {
            HardState = disk.HardState,
            Log = disk.Log,
            Memberships = disk.Memberships,
            Lost = new LostEntries(highestAcknowledged),
        });
    }
}
