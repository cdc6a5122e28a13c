using System.Text;
using Graft.Consensus;
using Graft.Storage;
using Graft.Tests.Support;

namespace Graft.Tests.Machines;

public sealed class DiskApplierTests
{
    private const int Entries = 300;

    public static TheoryData<ulong> Seeds { get; } = [.. Enumerable.Range(1, 40).Select(seed => (ulong)seed)];

    // The whole contract in one property: whatever is lost, and wherever batches end, the state, the sessions and every answer are
    // those of a machine in memory that was never stopped.
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Whatever_is_lost_and_wherever_batches_end_nothing_differs(ulong seed) => WorldContext.Run(seed, async world =>
    {
        var random = new SeededRandom(seed);
        StoredEntry[] log = EntryLog.Draw(seed, Entries);
        var memory = new TestMachine();
        var reference = new ApplierHarness(world, memory);
        await reference.ApplyAsync(log, Entries, () => 1);
        var disk = new TestStateDisk { CheckpointEvery = random.Next(0, 9) };

        ApplierHarness harness = await OpenAsync(world, disk);
        for (ulong at = 0; at < Entries;)
        {
            at = Math.Min(Entries, at + (ulong)random.Next(1, 60));
            await harness.ApplyAsync(log, at, () => random.Next(1, 20));
            AssertSameOutcomes(reference, harness);
            if (random.Next(0, 3) == 0)
            {
                await StopAsync(harness);
                continue;
            }

            if (random.Next(0, 1) == 0)
            {
                disk.LosePower();
            }

            harness = await OpenAsync(world, disk);
            at = harness.Applier.Applied.Index.Value;
        }

        Assert.Equal(memory.Applied, disk.Committed.Lines);
        Assert.Equal(reference.Applier.State.Encode(), harness.Applier.State.Encode());
        Assert.Equal(reference.Applier.State.Encode(), (await OpenAsync(world, disk)).Applier.State.Encode());

        async Task StopAsync(ApplierHarness stopping)
        {
            stopping.Applier.Stop();
            await stopping.Applier.Completion;
            harness = await OpenAsync(world, disk);
        }
    });

    [Fact]
    public void A_batch_of_any_size_commits_the_same_rows() => WorldContext.Run(3, async world =>
    {
        StoredEntry[] log = EntryLog.Draw(11, Entries);
        var rows = new List<string>();
        foreach (int size in new[] { 1, 2, 7, Entries })
        {
            var disk = new TestStateDisk();
            ApplierHarness harness = await OpenAsync(world, disk);
            await harness.ApplyAsync(log, Entries, () => size);
            rows.Add(string.Join('\n', disk.Committed.Rows.Select(row => $"{row.Key} {Convert.ToHexString(row.Value)}")));
        }

        Assert.Single(rows.Distinct(StringComparer.Ordinal));
        Assert.Contains("\n04", rows[0], StringComparison.Ordinal);
    });

    [Fact]
    public void A_commit_writes_what_changed_and_no_more() => WorldContext.Run(4, async world =>
    {
        var disk = new TestStateDisk();
        ApplierHarness harness = await OpenAsync(world, disk);
        List<StoredEntry> log = [EntryLog.OpenSession(1, 10_000)];
        for (ulong i = 2; i <= 500; i++)
        {
            log.Add(EntryLog.Command(i, $"c{i}", session: 1, sequence: i, clock: (long)i));
        }

        await harness.ApplyAsync(log, 499, () => 100);
        TestStateDisk.Content before = disk.Committed;
        await harness.ApplyAsync(log, 500, () => 1);

        int changed = disk.Committed.Rows.Count(row => !before.Rows.TryGetValue(row.Key, out byte[]? old) || !ReferenceEquals(old, row.Value));
        Assert.Equal(3, changed);
        Assert.Equal(before.Rows.Count + 1, disk.Committed.Rows.Count);
    });

    [Fact]
    public void A_command_that_stands_alone_has_a_commit_of_its_own() => WorldContext.Run(5, async world =>
    {
        var disk = new TestStateDisk();
        ApplierHarness harness = await OpenAsync(world, disk);
        List<StoredEntry> log = [EntryLog.Command(1, "a"), EntryLog.Command(2, "b"), EntryLog.Command(3, "alone7"), EntryLog.Command(4, "c")];

        await harness.ApplyAsync(log, 4, () => 4);

        Assert.Equal(3, disk.Commits);
        Assert.Equal(["a", "b", "alone7", "c"], disk.Committed.Lines);
    });

    [Fact]
    public void Nobody_hears_of_what_is_not_committed() => WorldContext.Run(6, async world =>
    {
        var gate = new TaskCompletionSource();
        var disk = new TestStateDisk();
        var machine = new TestDiskMachine(disk);
        var harness = new ApplierHarness(world, machine);
        await harness.OpenAsync();
        machine.Gate = gate.Task;

        Task applying = harness.ApplyAsync([EntryLog.Command(1, "a")], 1, () => 1);
        await world.DelayAsync(TimeSpan.FromSeconds(1));

        Assert.Single(machine.Calls);
        Assert.Empty(harness.Outcomes);
        gate.SetResult();
        await applying;
        Assert.Equal("1:a", Encoding.UTF8.GetString(harness.Outcomes[1].Answer.Span));
    });

    [Fact]
    public void A_disk_of_another_cluster_is_refused_with_both() => WorldContext.Run(7, async world =>
    {
        var disk = new TestStateDisk();
        ApplierHarness harness = await OpenAsync(world, disk);
        await harness.ApplyAsync([EntryLog.Command(1, "a")], 1, () => 1);

        var other = new ApplierHarness(world, new TestDiskMachine(disk), ApplierHarness.Context with { Cluster = new ClusterId(8) });
        await other.OpenAsync();

        Assert.Contains("c7", other.Halted!.Message, StringComparison.Ordinal);
        Assert.Contains("c8", other.Halted.Message, StringComparison.Ordinal);
        Assert.Equal(["a"], disk.Committed.Lines);
    });

    [Theory]
    [InlineData("01")]
    [InlineData("03")]
    [InlineData("04")]
    public void Rows_that_are_cut_short_stop_the_node_and_not_the_others(string kind) => WorldContext.Run(8, async world =>
    {
        var disk = new TestStateDisk();
        ApplierHarness harness = await OpenAsync(world, disk);
        await harness.ApplyAsync(
            [EntryLog.OpenSession(1, 10_000), EntryLog.Command(2, "a", session: 1, sequence: 1)], 2, () => 2);
        string key = disk.Committed.Rows.Keys.First(row => row.StartsWith(kind, StringComparison.Ordinal));
        disk.Committed = disk.Committed with { Rows = disk.Committed.Rows.SetItem(key, disk.Committed.Rows[key][..7]) };

        var again = new ApplierHarness(world, new TestDiskMachine(disk));
        await again.OpenAsync();

        Assert.Contains(nameof(TestDiskMachine), again.Halted!.Message, StringComparison.Ordinal);
        Assert.Contains("entry 1 on", again.Halted.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void The_machine_ends_with_its_applier() => WorldContext.Run(9, async world =>
    {
        var machine = new TestDiskMachine(new TestStateDisk());
        var harness = new ApplierHarness(world, machine);
        await harness.OpenAsync();

        harness.Applier.Stop();
        await harness.Applier.Completion;

        Assert.True(machine.IsDisposed);
    });

    private static async Task<ApplierHarness> OpenAsync(WorldContext world, TestStateDisk disk)
    {
        var harness = new ApplierHarness(world, new TestDiskMachine(disk));
        await harness.OpenAsync();
        Assert.Null(harness.Halted);
        return harness;
    }

    private static void AssertSameOutcomes(ApplierHarness reference, ApplierHarness harness)
    {
        foreach ((ulong index, EntryOutcome outcome) in harness.Outcomes)
        {
            EntryOutcome expected = reference.Outcomes[index];
            Assert.Equal((expected.Entry, expected.Refusal, expected.Index), (outcome.Entry, outcome.Refusal, outcome.Index));
            Assert.Equal(Encoding.UTF8.GetString(expected.Answer.Span), Encoding.UTF8.GetString(outcome.Answer.Span));
        }
    }
}
