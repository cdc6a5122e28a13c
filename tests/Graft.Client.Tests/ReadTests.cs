using Graft.Consensus;
using Graft.Network;
using Graft.Tests;

namespace Graft.Client.Tests;

public sealed class ReadTests
{
    [Fact]
    public void Every_level_is_answered_and_sees_what_it_promises() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("b");
        WriteResult written = await client.WriteAsync("x"u8.ToArray(), default, CancellationToken.None);

        Assert.Equal("x", await client.AskAsync());
        Assert.Equal("x", await client.AskAsync(ReadConsistency.Lease));
        Assert.Equal("x", await client.AskAsync(ReadConsistency.AtLeast(written.Index)));
        await world.World.DelayAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("x", await client.AskAsync(ReadConsistency.Bounded(TimeSpan.FromMilliseconds(500))));
        Assert.Equal("x", await client.AskAsync(ReadConsistency.Local));
    });

    [Fact]
    public void A_node_that_cannot_confirm_a_read_is_left_for_one_that_can() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        string alone = world.Nodes.Keys.First(name => name != world.NameOfLeader());
        await using GraftClient client = world.Client(alone);
        await client.SayAsync("x");
        await client.AskAsync();
        foreach (string other in world.Nodes.Keys.Where(name => name != alone))
        {
            world.Network.Cut(alone, other);
        }

        Assert.Equal("x", await client.AskAsync());
    });

    [Fact]
    public void Without_a_quorum_local_reads_are_answered_and_others_end_at_their_deadline() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("a", "b", "c");
        await client.SayAsync("x");
        await client.AskAsync();
        world.Network.Cut("a", "b");
        world.Network.Cut("b", "c");
        world.Network.Cut("a", "c");
        await world.World.DelayAsync(TimeSpan.FromSeconds(5));

        Assert.Equal("x", await client.AskAsync(ReadConsistency.Local));
        TimeSpan began = world.World.Time.Elapsed;
        await Assert.ThrowsAsync<ReadFailedException>(() => client.AskAsync(timeout: TimeSpan.FromSeconds(6)));
        Assert.InRange(world.World.Time.Elapsed - began, TimeSpan.FromSeconds(5.9), TimeSpan.FromSeconds(6.1));
        await Assert.ThrowsAsync<ReadFailedException>(() => client.WaitUntilReadyAsync(TimeSpan.FromSeconds(2), CancellationToken.None).AsTask());
    });

    [Fact]
    public void Readiness_is_waited_for_from_before_the_first_node_is_there() => NodeWorld.Play(async world =>
    {
        await using GraftClient client = world.Client("a");
        ValueTask ready = client.WaitUntilReadyAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        await world.World.DelayAsync(TimeSpan.FromSeconds(2));
        Assert.False(ready.IsCompleted);

        await world.StartAsync("a");
        await ready;

        Assert.Equal("1:x", await client.SayAsync("x"));
    });

    [Fact]
    public void The_group_is_described_and_its_members_changed() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("c");
        GroupInfo info = await client.DescribeAsync(default, CancellationToken.None);
        Assert.Equal(3, info.Membership.Members.Length);
        NodeId gone = world.Nodes.Values.First(node => !node.Group().IsLeader).Id;

        await client.ChangeMembersAsync(MembershipChange.None.Remove(gone), info.MembershipIndex, default, CancellationToken.None);
        MembershipRefusedException stale = await Assert.ThrowsAsync<MembershipRefusedException>(
            () => client.ChangeMembersAsync(MembershipChange.None.Add(gone), info.MembershipIndex, default, CancellationToken.None).AsTask());

        Assert.Equal((RejectReason.MembersRefused, MembershipRefusal.IndexMismatch), (stale.Reason, stale.Refusal));
        Assert.Equal(2, world.Leader.Group().Members.Members.Length);
    });

    [Fact]
    public void A_change_of_members_that_nobody_answers_is_unknown_and_not_repeated() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("a", "b", "c");
        await client.SayAsync("x");
        string leader = world.NameOfLeader();
        NodeId gone = world.Nodes.Values.First(node => !node.Group().IsLeader).Id;
        foreach (string other in world.Nodes.Keys.Where(name => name != leader))
        {
            world.Network.Cut(leader, other);
        }

        Task<LogIndex> change = client.ChangeMembersAsync(MembershipChange.None.Remove(gone), null, TimeSpan.FromMinutes(1), CancellationToken.None).AsTask();
        await world.World.DelayAsync(TimeSpan.FromMilliseconds(20));
        world.Network.Reset("client", leader);

        await Assert.ThrowsAsync<UnknownOutcomeException>(() => change);
    });

    [Fact] // C1: a name may stand for whoever is there
    public void A_seed_stays_one_when_all_who_were_there_have_been_replaced() => NodeWorld.Play(async world =>
    {
        world.Configure = static (name, options) => options.LeaveOnStop = name == "a";
        await world.StartAsync("a");
        await using GraftClient client = world.Client("a");
        Assert.Equal("", await client.AskAsync());

        // Another node, reached at the address of the first.
        await world.StartAsync("d", "a");
        await world.StopAsync("a");
        await world.StopAsync("d");
        world.Configure = static (_, options) => options.Listen = NodeWorld.At("a");
        GraftNode other = await world.StartAsync("d");
        await NodeWorld.WriteAsync(other, "x");

        Assert.Equal("x", await client.AskAsync());
        Assert.Equal("2:y", await client.SayAsync("y"));
    });

    [Fact]
    public void An_answer_that_no_call_carries_is_told_as_such_and_at_once() => NodeWorld.Play(async world =>
    {
        world.Around = static (_, machine) => new TalkativeMachine(machine);
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("a", "b", "c");
        Assert.Equal("1:x", await client.SayAsync("x"));
        TimeSpan began = world.World.Time.Elapsed;

        RejectedException read = await Assert.ThrowsAsync<RejectedException>(() => client.QueryAsync(new byte[] { 1 }, default, default, CancellationToken.None).AsTask());
        UnknownOutcomeException write = await Assert.ThrowsAsync<UnknownOutcomeException>(() => client.SayAsync("long"));
        UnknownOutcomeException asked = await Assert.ThrowsAsync<UnknownOutcomeException>(() => client.ResolveAsync(write.Write, default, CancellationToken.None).AsTask());

        Assert.Equal(RejectReason.TooLarge, read.Reason);
        Assert.Contains("17825792 bytes", read.Message, StringComparison.Ordinal);
        Assert.Contains("It was carried out at index", write.Message, StringComparison.Ordinal);
        Assert.Contains("It was carried out at index", asked.Message, StringComparison.Ordinal);
        Assert.True(world.World.Time.Elapsed - began < TimeSpan.FromSeconds(1));
        Assert.Equal(1, world.TimesApplied("long"));
    });
}
