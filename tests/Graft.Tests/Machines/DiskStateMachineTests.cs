using Graft.Consensus;

namespace Graft.Tests.Machines;

public sealed class DiskStateMachineTests
{
    public static TheoryData<ulong> Seeds { get; } = [.. Enumerable.Range(1, 12).Select(seed => (ulong)seed)];

    [Fact]
    public void A_start_goes_on_where_the_disk_is_and_replays_only_the_rest() => Play(1, async (cluster, disks) =>
    {
        await cluster.StartAllAsync();
        for (int i = 0; i < 20; i++)
        {
            await cluster.Leader.WriteAsync($"c{i}");
        }

        disks[0].Durable = disks[0].Committed;
        await cluster.Leader.WriteAsync("lost with the power");
        await cluster.Nodes[0].StopAsync();
        disks[0].LosePower();

        TestDiskMachine machine = Restart(cluster, disks, 0);
        await cluster.UntilLeaderAsync();

        Assert.Equal("22:more", await cluster.Leader.WriteAsync("more"));
        Assert.Equal(["lost with the power", "more"], machine.Calls.Select(call => call.Command));
    });

    [Fact]
    public void A_write_from_before_the_loss_of_power_is_still_answered_from_its_session() => Play(1, async (cluster, disks) =>
    {
        await cluster.StartAllAsync();
        WriteResult opened = await cluster.Leader.Actor.WriteAsync(
            WriteForm.OpenSession, BitConverter.GetBytes(TimeSpan.FromHours(1).Ticks), default, CancellationToken.None);
        var first = new WriteOptions { Session = opened.Index.Value, Sequence = 1 };
        Assert.Equal("1:x", await cluster.Leader.WriteAsync("x", first));
        disks[0].Durable = disks[0].Committed;
        Assert.Equal("2:y", await cluster.Leader.WriteAsync("y", first with { Sequence = 2 }));
        await cluster.Nodes[0].StopAsync();
        disks[0].LosePower();

        Restart(cluster, disks, 0);
        await cluster.UntilLeaderAsync();

        Assert.Equal("1:x", await cluster.Leader.WriteAsync("x", first));
        Assert.Equal("2:y", await cluster.Leader.WriteAsync("y", first with { Sequence = 2 }));
        Assert.Equal(["x", "y"], disks[0].Committed.Lines);
    });

    [Fact]
    public void The_log_is_cut_only_behind_what_is_durable() => Play(
        1,
        async (cluster, disks) =>
        {
            await cluster.StartAllAsync();
            disks[0].IsCheckpointBlocked = true;
            for (int i = 0; i < 50; i++)
            {
                await cluster.Leader.WriteAsync($"c{i}");
            }

            await cluster.Leader.Actor.TakeSnapshotAsync();
            await cluster.Nodes[0].StopAsync();
            disks[0].LosePower();
            TestDiskMachine machine = Restart(cluster, disks, 0);
            await cluster.UntilLeaderAsync();
            await cluster.Leader.WriteAsync("more");

            Assert.Equal(51, machine.Calls.Count);
            Assert.Equal(0, disks[0].Restores);

            disks[0].IsCheckpointBlocked = false;
            await cluster.Leader.Actor.TakeSnapshotAsync();
            await cluster.Leader.WriteAsync("last");
            await cluster.Nodes[0].StopAsync();
            disks[0].Committed = TestStateDisk.Content.Empty;
            machine = Restart(cluster, disks, 0);
            await cluster.UntilLeaderAsync();
            await cluster.Leader.WriteAsync("after");

            Assert.Equal(1, disks[0].Restores);
            Assert.Equal(["last", "after"], machine.Calls.Select(call => call.Command));
            Assert.Equal(53, disks[0].Committed.Lines.Count);
        },
        new GroupSettings { TrailingEntries = 0 });

    [Fact]
    public void A_follower_far_behind_takes_a_snapshot_and_a_crash_in_it_costs_another_start() => Play(
        3,
        async (cluster, disks) =>
        {
            await cluster.StartAllAsync();
            TestNode late = cluster.Nodes.First(node => node != cluster.Leader);
            int at = cluster.Nodes.IndexOf(late);
            await cluster.UntilAsync(() => late.Actor.View.Applied == cluster.Leader.Actor.View.Applied);
            cluster.Isolate(late);
            for (int i = 0; i < 60; i++)
            {
                await cluster.Leader.WriteAsync($"c{i}");
            }

            await cluster.Leader.Actor.TakeSnapshotAsync();
            TestStateDisk.Content before = disks[at].Committed;
            ((TestDiskMachine)late.MachineMade!).FailsRestores = true;
            cluster.Isolate(late, isCut: false);
            await cluster.UntilAsync(() => late.Actor.View.Halted is not null);

            Assert.Contains("state machine is full", late.Actor.View.Halted!.Message, StringComparison.Ordinal);
            Assert.Same(before, disks[at].Committed);

            await late.StopAsync();
            Restart(cluster, disks, at);
            await cluster.UntilAsync(() => disks[at].Committed.Lines.Count == 60);
            Assert.Equal(2, disks[at].Restores);
            Assert.Equal(disks[cluster.Nodes.IndexOf(cluster.Leader)].Committed.Sessions, disks[at].Committed.Sessions);
        },
        new GroupSettings { TrailingEntries = 0 });

    [Fact]
    public void A_disk_that_is_ahead_of_its_log_passes_over_what_it_has() => Play(3, async (cluster, disks) =>
    {
        await cluster.StartAllAsync();
        TestNode late = cluster.Nodes.First(node => node != cluster.Leader);
        int at = cluster.Nodes.IndexOf(late);
        await cluster.Leader.WriteAsync("before");
        cluster.Isolate(late);
        await cluster.Leader.WriteAsync("one");
        await cluster.Leader.WriteAsync("two");
        await late.StopAsync();

        // What it would have if it had applied them before its own log had them: states are the same everywhere.
        disks[at].Committed = disks[cluster.Nodes.IndexOf(cluster.Leader)].Committed;
        cluster.Isolate(late, isCut: false);
        TestDiskMachine machine = Restart(cluster, disks, at);
        await cluster.UntilLeaderAsync();
        await cluster.Leader.WriteAsync("three");

        await cluster.UntilAsync(() => disks[at].Committed.Lines.Count == 4);
        Assert.Equal(["three"], machine.Calls.Select(call => call.Command));
        Assert.Equal(["before", "one", "two", "three"], disks[at].Committed.Lines);
    });

    [Fact]
    public void A_query_beside_sees_what_was_applied_when_it_began_and_keeps_nobody_waiting() => Play(1, async (cluster, disks) =>
    {
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("one");
        var machine = (TestDiskMachine)cluster.Leader.MachineMade!;
        var gate = new TaskCompletionSource();
        machine.QueryGate = gate.Task;

        Task<string> reading = cluster.Leader.ReadAsync(ReadConsistency.Linearizable);
        await cluster.DelayAsync(100);
        Assert.Equal("2:two", await cluster.Leader.WriteAsync("two"));
        Assert.False(reading.IsCompleted);
        Task stopping = cluster.Nodes[0].StopAsync();
        await cluster.DelayAsync(100);
        Assert.False(machine.IsDisposed);
        gate.SetResult();

        Assert.Equal("one", await reading);
        await stopping;
        Assert.True(machine.IsDisposed);
        Assert.Equal(["one", "two"], disks[0].Committed.Lines);
    });

    [Fact]
    public void A_disk_that_does_not_belong_to_the_log_stops_applying() => Play(1, async (cluster, disks) =>
    {
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("a");
        await cluster.Leader.WriteAsync("b");
        await cluster.Nodes[0].StopAsync();

        // The term of the last entry applied, as if another log had been cut and gone on.
        byte[] head = [.. disks[0].Committed.Rows["01"]];
        head[20]++;
        disks[0].Committed = disks[0].Committed with { Rows = disks[0].Committed.Rows.SetItem("01", head) };
        Restart(cluster, disks, 0);
        await cluster.UntilAsync(() => cluster.Nodes[0].Actor.View.Halted is not null);

        Assert.Contains("don't belong together", cluster.Nodes[0].Actor.View.Halted!.Message, StringComparison.Ordinal);
    });

    // Nodes that stop, lose power, restart and take snapshots, under clients that repeat what they aren't sure of.
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_write_is_there_once_whatever_nodes_lose(ulong seed) => Play(
        3,
        async (cluster, disks) =>
        {
            var random = new SeededRandom(seed);
            await cluster.StartAllAsync();
            foreach (TestStateDisk disk in disks)
            {
                disk.CheckpointEvery = random.Next(0, 20);
            }

            WriteResult opened = await cluster.Leader.Actor.WriteAsync(
                WriteForm.OpenSession, BitConverter.GetBytes(TimeSpan.FromHours(1).Ticks), default, CancellationToken.None);
            for (ulong i = 1; i <= 60; i++)
            {
                await WriteUntilAnsweredAsync(cluster, $"c{i}", new WriteOptions { Session = opened.Index.Value, Sequence = i, Timeout = TimeSpan.FromSeconds(2) });
                int victim = random.Next(0, 8);
                if (victim == 3 && cluster.Nodes.Any(node => node.IsRunning && node.Actor.View.Role == Role.Leader))
                {
                    await cluster.Leader.Actor.TakeSnapshotAsync();
                }
                else if (victim < 3)
                {
                    await cluster.Nodes[victim].StopAsync();
                    if (random.Next(0, 1) == 0)
                    {
                        disks[victim].LosePower();
                    }

                    await cluster.DelayAsync(random.Next(0, 400));
                    Restart(cluster, disks, victim);
                }
            }

            await cluster.UntilAsync(() => disks.All(disk => disk.Committed.Lines.Count == 60));
            Assert.All(disks, disk => Assert.Equal(Enumerable.Range(1, 60).Select(i => $"c{i}"), disk.Committed.Lines));
            await cluster.UntilAsync(() => disks.All(disk => disk.Committed.Sessions == disks[0].Committed.Sessions));
        },
        new GroupSettings { TrailingEntries = 3 },
        seed);

    private static async Task WriteUntilAnsweredAsync(TestCluster cluster, string command, WriteOptions options)
    {
        while (true)
        {
            try
            {
                await cluster.UntilLeaderAsync();
                await cluster.Leader.WriteAsync(command, options);
                return;
            }
            catch (GraftException)
            {
                // Under the same number: it takes effect once.
            }
        }
    }

    private static TestDiskMachine Restart(TestCluster cluster, TestStateDisk[] disks, int node)
    {
        var machine = new TestDiskMachine(disks[node]);
        cluster.Nodes[node].Machines = () => machine;
        cluster.Nodes[node].Start(isFounder: false);
        return machine;
    }

    private static void Play(int nodes, Func<TestCluster, TestStateDisk[], Task> story, GroupSettings? settings = null, ulong seed = 1) => TestCluster.Play(
        nodes,
        async cluster =>
        {
            TestStateDisk[] disks = [.. cluster.Nodes.Select(_ => new TestStateDisk())];
            for (int i = 0; i < nodes; i++)
            {
                TestStateDisk disk = disks[i];
                cluster.Nodes[i].Machines = () => new TestDiskMachine(disk);
            }

            await story(cluster, disks);
        },
        seed,
        settings);
}
