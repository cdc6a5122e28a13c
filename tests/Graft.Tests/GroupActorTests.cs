using Graft.Consensus;

namespace Graft.Tests;

public sealed class GroupActorTests
{
    [Fact]
    public void A_single_node_commits_and_answers() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();

        Assert.Equal("1:a", await cluster.Leader.WriteAsync("a"));
        Assert.Equal("2:b", await cluster.Leader.WriteAsync("b"));
        Assert.Equal("a,b", await cluster.Leader.ReadAsync(ReadConsistency.Linearizable));
    });

    [Fact]
    public void Three_nodes_apply_the_same_commands_in_the_same_places() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();

        for (int i = 0; i < 50; i++)
        {
            await cluster.Leader.WriteAsync($"c{i}");
        }

        await cluster.UntilAsync(() => cluster.Nodes.All(node => node.Machine.Applied.Count == 50));
        Assert.All(cluster.Nodes, node => Assert.Equal(cluster.Nodes[0].Machine.Applied, node.Machine.Applied));
        Assert.All(cluster.Nodes, node => Assert.Equal(cluster.Nodes[0].Machine.Places, node.Machine.Places));
    });

    [Fact]
    public void Writes_that_come_together_are_all_answered() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();

        Task<string>[] writes = [.. Enumerable.Range(0, 3000).Select(i => cluster.Leader.WriteAsync($"c{i}"))];
        var answers = new List<string>();
        foreach (Task<string> write in writes)
        {
            answers.Add(await write);
        }

        Assert.Equal(Enumerable.Range(0, 3000).Select(i => $"{i + 1}:c{i}"), answers);
    });

    [Fact]
    public void A_restarted_node_replays_its_log_and_goes_on() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        for (int i = 0; i < 20; i++)
        {
            await cluster.Leader.WriteAsync($"c{i}");
        }

        await cluster.Nodes[0].StopAsync();
        cluster.Nodes[0].Start(isFounder: false);
        await cluster.UntilLeaderAsync();

        Assert.Equal("21:more", await cluster.Leader.WriteAsync("more"));
        Assert.Equal("c0", cluster.Leader.Machine.Applied[0]);
    });

    [Fact]
    public void A_leader_that_is_cut_off_is_replaced_and_its_writes_are_decided_by_the_log() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("before");
        TestNode old = cluster.Leader;
        cluster.Isolate(old);
        Task<string> lost = old.WriteAsync("lost");

        await cluster.UntilAsync(() => cluster.Nodes.Any(node => node != old && node.Actor.View.Role == Role.Leader));
        TestNode successor = cluster.Nodes.Single(node => node != old && node.Actor.View.Role == Role.Leader);
        Assert.Equal("2:after", await successor.WriteAsync("after"));
        cluster.Isolate(old, isCut: false);

        RejectedException refused = await Assert.ThrowsAsync<RejectedException>(() => lost);
        Assert.Equal(RejectReason.Superseded, refused.Reason);
        await cluster.UntilAsync(() => old.Machine.Applied.Count == 2);
        Assert.Equal(["before", "after"], old.Machine.Applied);
    });

    [Fact]
    public void A_write_that_nobody_can_commit_ends_at_its_deadline_as_unknown() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        TestNode leader = cluster.Leader;
        cluster.Isolate(leader);

        UnknownOutcomeException unknown = await Assert.ThrowsAsync<UnknownOutcomeException>(
            () => leader.WriteAsync("x", new WriteOptions { Timeout = TimeSpan.FromSeconds(2) }));

        Assert.NotEqual(EntryId.Zero, unknown.Write.Entry);
    });

    [Fact]
    public void A_follower_far_behind_is_brought_up_by_a_snapshot() => TestCluster.Play(
        3,
        async cluster =>
        {
            await cluster.StartAllAsync();
            TestNode late = cluster.Nodes.First(node => node != cluster.Leader);
            cluster.Isolate(late);
            for (int i = 0; i < 200; i++)
            {
                await cluster.Leader.WriteAsync($"c{i}");
            }

            await cluster.Leader.Actor.TakeSnapshotAsync();
            await cluster.Leader.WriteAsync("behind it");
            cluster.Isolate(late, isCut: false);

            await cluster.UntilAsync(() => late.Machine.Applied.Count == 201);
            Assert.Equal(cluster.Leader.Machine.Applied, late.Machine.Applied);
        },
        settings: new GroupSettings { TrailingEntries = 10 });

    [Fact]
    public void A_node_restarts_from_its_snapshot_and_the_log_behind_it() => TestCluster.Play(
        1,
        async cluster =>
        {
            await cluster.StartAllAsync();
            for (int i = 0; i < 100; i++)
            {
                await cluster.Leader.WriteAsync($"c{i}");
            }

            await cluster.Leader.Actor.TakeSnapshotAsync();
            await cluster.Leader.WriteAsync("behind it");
            await cluster.Nodes[0].StopAsync();

            cluster.Nodes[0].Start(isFounder: false);
            await cluster.UntilLeaderAsync();

            Assert.Equal("102:more", await cluster.Leader.WriteAsync("more"));
            Assert.Equal(2, cluster.Leader.Machine.Places.Count);
        },
        settings: new GroupSettings { TrailingEntries = 10 });

    [Fact]
    public void A_repeated_number_changes_nothing_and_gets_the_first_answer() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        WriteResult opened = await cluster.Leader.Actor.WriteAsync(
            WriteForm.OpenSession, BitConverter.GetBytes(TimeSpan.FromMinutes(1).Ticks), default, CancellationToken.None);
        var numbered = new WriteOptions { Session = opened.Index.Value, Sequence = 1 };

        Task<string> first = cluster.Leader.WriteAsync("x", numbered);
        Task<string> second = cluster.Leader.WriteAsync("x", numbered);

        Assert.Equal("1:x", await first);
        Assert.Equal("1:x", await second);
        Assert.Equal("1:x", await cluster.Leader.WriteAsync("x", numbered));
        Assert.Equal(["x"], cluster.Leader.Machine.Applied);
    });

    [Fact]
    public void A_follower_serves_linearizable_reads_that_see_what_was_answered() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        TestNode follower = cluster.Nodes.First(node => node != cluster.Leader);

        for (int i = 0; i < 10; i++)
        {
            await cluster.Leader.WriteAsync($"c{i}");
            Assert.EndsWith($"c{i}", await follower.ReadAsync(ReadConsistency.Linearizable), StringComparison.Ordinal);
        }
    });

    [Fact]
    public void A_state_machine_that_throws_stops_applying_and_says_so() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        cluster.Leader.Machine.Poison = "bad";

        await Assert.ThrowsAnyAsync<GraftException>(() => cluster.Leader.WriteAsync("bad"));
        GraftException refused = await Assert.ThrowsAnyAsync<GraftException>(() => cluster.Nodes[0].ReadAsync(ReadConsistency.Local));

        Assert.Contains("bad doesn't agree", refused.Message, StringComparison.Ordinal);
        Assert.Empty(cluster.Nodes[0].Machine.Applied);
    });

    [Fact]
    public void Leadership_moves_to_the_node_that_is_named() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        TestNode leader = cluster.Leader;
        NodeId target = cluster.Nodes.First(node => node != leader).Id;
        CancellationToken leads = leader.Actor.LeadershipToken;
        Assert.False(leads.IsCancellationRequested);

        TransferResult result = await leader.Actor.TransferAsync(target, TimeSpan.FromSeconds(5));

        Assert.Equal(TransferOutcome.Succeeded, result.Outcome);
        await cluster.UntilAsync(() => cluster.Leader.Id == target && leads.IsCancellationRequested);
    });
}
