using System.Diagnostics;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Tests;

/// <summary>A state machine that is slow, hangs or fails keeps nobody waiting for ever, and nothing grows meanwhile.</summary>
public sealed class PatienceTests
{
    private static readonly ReadConsistency Far = ReadConsistency.AtLeast(new LogIndex(1_000_000));

    [Fact]
    public void A_read_whose_state_machine_fails_to_begin_is_refused() => TestCluster.Play(1, async cluster =>
    {
        cluster.Nodes[0].Machines = static () => new BeginningMachine(static () => throw new InvalidOperationException("There is no such program."));
        cluster.Nodes[0].Start(isFounder: true);

        ReadFailedException refused = await Assert.ThrowsAsync<ReadFailedException>(() => cluster.Nodes[0].ReadAsync(ReadConsistency.Local));

        Assert.Equal(RejectReason.ApplyHalted, refused.Reason);
        Assert.Contains("no such program", refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void A_read_whose_state_machine_begins_for_ever_ends_at_its_deadline() => TestCluster.Play(1, async cluster =>
    {
        cluster.Nodes[0].Machines = static () => new BeginningMachine(static () => new TaskCompletionSource().Task);
        cluster.Nodes[0].Start(isFounder: true);
        TimeSpan asked = cluster.World.Time.Elapsed;

        ReadFailedException late = await Assert.ThrowsAsync<ReadFailedException>(() => cluster.Nodes[0].ReadAsync(ReadConsistency.Local));

        Assert.Equal(RejectReason.TimedOut, late.Reason);
        Assert.InRange(cluster.World.Time.Elapsed - asked, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(11));
    });

    [Fact]
    public void What_waits_for_a_state_machine_that_hangs_is_bounded_and_let_go_of() => TestCluster.Play(
        1,
        async cluster =>
        {
            await cluster.StartAllAsync();
            TestNode node = cluster.Leader;
            var gate = new TaskCompletionSource();
            node.Machine.Gate = gate.Task;
            Task<string> stuck = node.WriteAsync("stuck");
            await cluster.DelayAsync(100);
            List<Task> reads = [];
            for (int i = 0; i < 150; i++)
            {
                reads.Add(ReadAsync(node, ReadConsistency.Local, TimeSpan.FromSeconds(1), CancellationToken.None));
            }

            Assert.Equal(100, node.Actor.ReadsQueued);
            Assert.Equal(50, reads.Count(static read => read.Exception?.InnerException is OverloadedException));
            await cluster.DelayAsync(1_100);
            Assert.All(reads, static read => Assert.True(read.IsFaulted));
            Assert.Equal(0, node.Actor.ReadsQueued);

            gate.SetResult();
            Assert.Equal("1:stuck", await stuck);
        },
        settings: new GroupSettings { ReadsQueuedMax = 100 });

    [Fact]
    public void A_read_that_was_given_up_is_let_go_of_long_before_its_deadline() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        using var givenUp = new CancellationTokenSource();
        Task[] reads = [.. Enumerable.Range(0, 100).Select(_ => ReadAsync(cluster.Leader, Far, TimeSpan.FromHours(1), givenUp.Token))];
        await cluster.UntilAsync(() => cluster.Leader.Actor.ReadsWaiting == 100);

        Cancel(givenUp);
        await cluster.DelayAsync(10_000);

        Assert.All(reads, static read => Assert.True(read.IsCanceled));
        Assert.Equal(0, cluster.Leader.Actor.ReadsWaiting);
    });

    [Fact]
    public void Writes_that_are_committed_and_not_applied_are_bounded() => TestCluster.Play(
        1,
        async cluster =>
        {
            await cluster.StartAllAsync();
            TestNode node = cluster.Leader;
            var gate = new TaskCompletionSource();
            node.Machine.Gate = gate.Task;
            List<Task<string>> writes = [];
            for (int i = 0; i < 300; i++)
            {
                writes.Add(node.WriteAsync(new string('x', 1000)));
                await cluster.DelayAsync(1);
            }

            int refused = writes.Count(static write => write.Exception?.InnerException is OverloadedException);
            Assert.InRange(refused, 180, 250);

            gate.SetResult();
            await cluster.UntilAsync(() => writes.TrueForAll(static write => write.IsCompleted));
            Assert.Equal(300 - refused, node.Machine.Applied.Count);
            Assert.EndsWith(":after", await node.WriteAsync("after"), StringComparison.Ordinal);
        },
        settings: new GroupSettings { QueuedBytesMax = 100_000 });

    [Fact]
    public void A_stop_ends_the_reads_of_a_state_machine_that_hangs() => TestCluster.Play(1, async cluster =>
    {
        var hanging = new HangingMachine();
        cluster.Nodes[0].Machines = () => hanging;
        await cluster.StartAllAsync();
        Task<string> running = cluster.Leader.ReadAsync(ReadConsistency.Local);
        await cluster.UntilAsync(() => hanging.IsAsked);
        Task<string> queued = cluster.Leader.ReadAsync(ReadConsistency.Local);

        await cluster.Nodes[0].StopAsync();

        Assert.Equal(RejectReason.Stopping, (await Assert.ThrowsAsync<ReadFailedException>(() => running)).Reason);
        Assert.Equal(RejectReason.Stopping, (await Assert.ThrowsAsync<ReadFailedException>(() => queued)).Reason);
    });

    [Fact]
    public void A_stop_does_not_wait_for_ever_for_a_snapshot_that_does_not_end() => TestCluster.Play(1, async cluster =>
    {
        var hanging = new HangingMachine();
        cluster.Nodes[0].Machines = () => hanging;
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("x");
        Task<EntryId> snapshot = cluster.Leader.Actor.TakeSnapshotAsync();
        await cluster.UntilAsync(() => hanging.IsWriting);

        await cluster.Nodes[0].StopAsync();

        await Assert.ThrowsAsync<RejectedException>(() => snapshot);
    });

    [Fact]
    public void A_snapshot_that_is_asked_for_while_the_state_is_opened_is_taken_then() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("x");
        await cluster.Leader.Actor.TakeSnapshotAsync();
        await cluster.Leader.WriteAsync("y");
        await cluster.Nodes[0].StopAsync();

        cluster.Nodes[0].Start(isFounder: false);
        Task<EntryId> asked = cluster.Nodes[0].Actor.TakeSnapshotAsync();
        await cluster.UntilLeaderAsync();
        await cluster.Leader.WriteAsync("z");

        Assert.True((await asked).Index > LogIndex.Zero);
    });

    [Fact]
    public void A_snapshot_holds_what_was_applied_when_it_was_asked_for() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("x");
        Task<EntryId> first = cluster.Leader.Actor.TakeSnapshotAsync();
        await cluster.DelayAsync(0);
        await cluster.Leader.WriteAsync("y");
        LogIndex applied = cluster.Leader.Actor.View.Applied;

        EntryId second = await cluster.Leader.Actor.TakeSnapshotAsync();

        Assert.True(second.Index >= applied, $"{second} {applied}");
        Assert.True((await first).Index <= second.Index);
    });

    [Fact]
    public void A_witness_lets_go_of_its_log() => TestCluster.Play(
        3,
        async cluster =>
        {
            cluster.Nodes[0].Start(isFounder: true);
            await cluster.UntilAsync(() => cluster.Nodes[0].Actor.View.Role == Role.Leader);
            cluster.Nodes[1].Start(isFounder: false);
            await cluster.AddAsync(cluster.Nodes[1].Id);
            await cluster.DelayAsync(1_000);
            cluster.Nodes[2].Start(isFounder: false);
            await cluster.Leader.Actor.ChangeMembersAsync(new MembersRequest(MembershipChange.None.AddWitness(cluster.Nodes[2].Id)) { Force = true });
            await cluster.UntilAsync(() => cluster.Leader.Actor.View.Membership is { IsJoint: false } members && members.Find(cluster.Nodes[2].Id) is { Role: MemberRole.Voter });
            for (int i = 0; i < 400; i++)
            {
                await cluster.Leader.WriteAsync($"c{i}");
            }

            TestNode witness = cluster.Nodes[2];
            await cluster.UntilAsync(() => witness.Runtime.Snapshots.List(TestCluster.Group).Count > 0);
            await witness.StopAsync();
            witness.Start(isFounder: false);
            await cluster.Leader.WriteAsync("after");
            await cluster.UntilAsync(() => witness.Actor.View.Applied == cluster.Leader.Actor.View.Applied);
            Assert.Null(witness.Actor.View.Halted);
            Assert.True(witness.Actor.LogBase > LogIndex.Zero);
            Assert.Empty(witness.Machine.Applied);
        },
        settings: new GroupSettings { SnapshotLogBytes = 4 << 10, TrailingEntries = 10 });

    [Fact]
    public void A_node_that_has_failed_answers_no_local_read() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        TestNode node = cluster.Leader;
        node.Actor.Abandon("It was superseded.");
        await cluster.UntilAsync(() => node.Actor.IsOver);

        ReadFailedException refused = await Assert.ThrowsAsync<ReadFailedException>(() => node.ReadAsync(ReadConsistency.Local));

        Assert.Contains("superseded", refused.Message, StringComparison.Ordinal);
    });

    private static async Task ReadAsync(TestNode node, ReadConsistency consistency, TimeSpan timeout, CancellationToken cancellation) =>
        await node.Actor.ReadAsync(consistency, new byte[1024], timeout, cancellation);

    // In a method of its own, because in an asynchronous one the analyzers ask for CancelAsync, which leaves the world.
    private static void Cancel(CancellationTokenSource source) => source.Cancel();

    private sealed class BeginningMachine(Func<Task> begin) : TestMachineBase, IMachineStart
    {
        public async ValueTask StartAsync(MachineContext context) => await begin();
    }

    private sealed class HangingMachine : TestMachineBase
    {
        internal bool IsAsked { get; private set; }

        internal bool IsWriting { get; private set; }

        public override async ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation)
        {
            IsAsked = true;
            await new TaskCompletionSource().Task;
            throw new UnreachableException();
        }

        public override ValueTask<IStateImage> CaptureAsync() => ValueTask.FromResult<IStateImage>(new Image(this));

        private sealed class Image(HangingMachine machine) : IStateImage
        {
            public async ValueTask WriteAsync(Stream image, CancellationToken cancellation)
            {
                machine.IsWriting = true;
                await new TaskCompletionSource().Task;
            }

            public void Dispose()
            {
            }
        }
    }

    private abstract class TestMachineBase : IStateMachine
    {
        public virtual ValueTask ApplyAsync(CommandBatch batch) => default;

        public virtual ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation) => default;

        public virtual ValueTask<IStateImage> CaptureAsync() => throw new NotSupportedException();

        public virtual ValueTask RestoreAsync(Stream image) => default;
    }
}
