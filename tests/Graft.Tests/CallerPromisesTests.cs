using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Tests;

/// <summary>What a caller may rely on when things go wrong: every call ends, in time, and truthfully.</summary>
public sealed class CallerPromisesTests
{
    [Fact]
    public void A_read_that_finds_no_leader_ends_at_its_deadline_and_harms_nobody() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        foreach (TestNode node in cluster.Nodes)
        {
            cluster.Isolate(node);
        }

        await cluster.UntilAsync(() => cluster.Nodes.All(node => node.Actor.View.Leader is null));
        foreach (TestNode node in cluster.Nodes)
        {
            ReadFailedException failed = await Assert.ThrowsAsync<ReadFailedException>(
                async () => await node.Actor.ReadAsync(ReadConsistency.Linearizable, ReadOnlyMemory<byte>.Empty, TimeSpan.FromSeconds(1), CancellationToken.None));
            Assert.Equal(RejectReason.NoLeader, failed.Reason);
        }

        foreach (TestNode node in cluster.Nodes)
        {
            cluster.Isolate(node, isCut: false);
        }

        await cluster.UntilLeaderAsync();
        Assert.Equal("1:on", await cluster.Leader.WriteAsync("on"));
    });

    [Fact]
    public void A_restarted_node_lets_the_tail_that_its_disk_holds_be_replaced() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("before");
        TestNode old = cluster.Leader;
        cluster.Isolate(old);
        Task<string>[] lost = [.. Enumerable.Range(0, 5).Select(i => old.WriteAsync($"lost{i}"))];
        await cluster.DelayAsync(50);
        await cluster.UntilAsync(() => cluster.Nodes.Any(node => node != old && node.Actor.View.Role == Role.Leader));
        TestNode successor = cluster.Nodes.Single(node => node != old && node.Actor.View.Role == Role.Leader);
        await successor.WriteAsync("after");
        await old.StopAsync();
        foreach (Task<string> write in lost)
        {
            await Assert.ThrowsAnyAsync<GraftException>(() => write);
        }

        // What it appended and nobody committed is on its disk now, and nowhere in its memory.
        old.Start(isFounder: false);
        cluster.Isolate(old, isCut: false);
        await cluster.UntilAsync(() => old.Machine.Applied.Count == 2);
        Assert.Equal(["before", "after"], old.Machine.Applied);

        await old.StopAsync();
        old.Start(isFounder: false);
        await cluster.UntilAsync(() => old.Machine.Applied.Count == 2);
        Assert.Equal(["before", "after"], old.Machine.Applied);
    });

    [Fact]
    public void Whatever_is_asked_in_the_turn_in_which_a_group_ends_is_answered() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        GroupActor actor = cluster.Leader.Actor;

        Task stop = actor.StopAsync();
        Task[] asked =
        [
            actor.TransferAsync(null, TimeSpan.FromSeconds(5)),
            actor.ChangeMembersAsync(new MembersRequest(MembershipChange.None.Add(new NodeId(9)))),
            actor.TakeSnapshotAsync(),
            actor.StatusAsync(),
        ];
        await stop;

        foreach (Task each in asked)
        {
            RejectedException refused = await Assert.ThrowsAsync<RejectedException>(() => each);
            Assert.Equal(RejectReason.Stopping, refused.Reason);
        }

        await Assert.ThrowsAnyAsync<GraftException>(
            async () => await actor.ReadAsync(ReadConsistency.Local, ReadOnlyMemory<byte>.Empty, default, CancellationToken.None));
    });

    [Fact]
    public void A_read_ends_at_its_deadline_though_the_state_machine_is_busy() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        var gate = new TaskCompletionSource();
        cluster.Leader.Machine.Gate = gate.Task;
        Task<string> write = cluster.Leader.WriteAsync("slow");
        await cluster.DelayAsync(10);

        TimeSpan began = cluster.World.Time.Elapsed;
        ReadFailedException late = await Assert.ThrowsAsync<ReadFailedException>(
            async () => await cluster.Leader.Actor.ReadAsync(ReadConsistency.Local, ReadOnlyMemory<byte>.Empty, TimeSpan.FromSeconds(1), CancellationToken.None));

        Assert.Equal(RejectReason.TimedOut, late.Reason);
        Assert.InRange(cluster.World.Time.Elapsed - began, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.1));
        cluster.Leader.Machine.Gate = null;
        gate.SetResult();
        Assert.Equal("1:slow", await write);
    });

    // Found by whole nodes in random worlds: the entry was committed while the question was under way, and applied nowhere yet.
    [Fact]
    public void A_write_that_is_found_out_to_have_taken_effect_has_been_applied()
    {
        for (ulong seed = 1; seed <= 100; seed++)
        {
            TestCluster.Play(
                3,
                async cluster =>
                {
                    await cluster.StartAllAsync();
                    UnknownOutcomeException unknown = await Assert.ThrowsAsync<UnknownOutcomeException>(
                        () => cluster.Leader.WriteAsync("late", new WriteOptions { Timeout = TimeSpan.FromMilliseconds(1) }));
                    Task[] asking = [.. cluster.Nodes.Select(node => AskAsync(cluster, node, unknown.Write))];
                    foreach (Task each in asking)
                    {
                        await each;
                    }
                },
                seed);
        }

        static async Task AskAsync(TestCluster cluster, TestNode node, WriteId write)
        {
            node.Machine.Gate = cluster.DelayAsync(50);
            await node.Actor.ResolveAsync(write, TimeSpan.FromSeconds(5));
            Assert.Equal(["late"], node.Machine.Applied);
        }
    }

    [Fact]
    public void Reads_that_wait_for_what_never_comes_are_let_go_with_their_questions() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        GroupActor actor = cluster.Leader.Actor;
        for (int i = 0; i < 50; i++)
        {
            await Assert.ThrowsAsync<ReadFailedException>(async () => await actor.ReadAsync(
                ReadConsistency.AtLeast(new LogIndex(1UL << 60)), new byte[1000], TimeSpan.FromMilliseconds(5), CancellationToken.None));
        }

        Assert.Equal(0, actor.ReadsWaiting);
    });

    [Fact]
    public void Calls_that_were_cancelled_before_they_began_cost_nothing() => TestCluster.Play(
        1,
        async cluster =>
        {
            await cluster.StartAllAsync();
            var cancelled = new CancellationToken(canceled: true);
            for (int i = 0; i < 100; i++)
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(
                    async () => await cluster.Leader.Actor.WriteAsync(WriteForm.Command, new byte[100], default, cancelled));
            }

            Assert.Equal("1:x", await cluster.Leader.WriteAsync("x"));
        },
        settings: new GroupSettings { QueuedBytesMax = 1000 });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_may_have_been_done_elsewhere_is_never_called_rejected(bool isStopped) => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        GroupActor actor = cluster.Leader.Actor;
        PendingWrite write = new PendingWritePool().Rent();
        write.Begin(WriteForm.Command, TestCluster.Encode("x"), default, new Instant(long.MaxValue / 2), hops: 0);
        ValueTask<WriteResult> outcome = write.Task;
        if (isStopped)
        {
            await actor.StopAsync();
        }

        // Of a session that nobody knows any more: of this attempt it is certain that it did nothing.
        actor.Resubmit(write, new WriteOptions { Session = 999, Sequence = 1 }, isInDoubt: true);

        await Assert.ThrowsAsync<UnknownOutcomeException>(async () => await outcome);
    });

    [Fact]
    public void Doubt_goes_along_when_a_write_is_passed_on_again()
    {
        var fate = new WriteFate("Nobody was asked.", mayBeDone: true);

        Assert.IsType<UnknownOutcomeException>(fate.GiveUp(TestCluster.Group, new WriteId(default, 1, 2)));
    }

    [Fact]
    public void An_address_is_printable_or_refused_and_the_book_is_bounded()
    {
        var book = new AddressBook();
        byte[] garbage = new byte[108];
        garbage.AsSpan(8).Fill(0xFF);
        Assert.False(book.TryNote(garbage, out _, out _));
        for (ulong i = 0; i < AddressBook.RowsMax + 10; i++)
        {
            Assert.Equal(i < AddressBook.RowsMax, book.TryNote(AddressBook.Encode(new NodeId(i), "host:1"), out _, out _));
        }

        Assert.True(book.TryNote(AddressBook.Encode(new NodeId(5), "other:2"), out _, out _));
        Assert.True(book.TryNote(AddressBook.Encode(new NodeId(6), ""), out _, out _));
        byte[] written = new byte[book.Size];
        book.Write(written);
        Assert.True(new AddressBook().TryRead(written));
    }

    [Fact]
    public void The_default_limits_go_together_and_others_are_checked()
    {
        new NodeOptions { DataDirectory = "x" }.Validate(hasDisk: false);
        ArgumentException wrong = Assert.Throws<ArgumentException>(
            () => new NodeOptions { DataDirectory = "x", CommandBytesMax = 4 << 20 }.Validate(hasDisk: false));
        Assert.Contains("CommandBytesMax", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_slow_state_machine_left_is_read_from_the_log() => TestCluster.Play(
        1,
        async cluster =>
        {
            await cluster.StartAllAsync();
            var gate = new TaskCompletionSource();
            cluster.Leader.Machine.Gate = gate.Task;
            string text = new('x', 60_000);
            Task<string>[] writes = [.. Enumerable.Range(0, 300).Select(i => cluster.Leader.WriteAsync($"{i}{text}"))];
            await cluster.DelayAsync(500);
            Assert.InRange(cluster.Leader.Actor.TailBytes, 0, 10 << 20);

            cluster.Leader.Machine.Gate = null;
            gate.SetResult();
            for (int i = 0; i < writes.Length; i++)
            {
                Assert.StartsWith($"{i + 1}:{i}x", await writes[i], StringComparison.Ordinal);
            }
        });

    [Fact]
    public void That_a_group_was_lost_is_not_forgotten_by_a_restart() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("before");
        TestNode damaged = cluster.Nodes.First(node => node != cluster.Leader);
        await damaged.StopAsync();
        damaged.LoseLog();
        cluster.Isolate(damaged);
        damaged.Start(isFounder: false);
        Assert.True((await damaged.Actor.StatusAsync()).IsRepairing);
        await cluster.DelayAsync(100);
        await damaged.StopAsync();

        damaged.Start(isFounder: false);
        Assert.True((await damaged.Actor.StatusAsync()).IsRepairing);
        cluster.Isolate(damaged, isCut: false);
        await cluster.UntilAsync(() => damaged.Machine.Applied.Count == 1);
    });

    [Fact]
    public async Task Bytes_that_are_no_command_are_answered_by_a_typed_machine_and_stop_nobody()
    {
        var numbers = (JsonTypeInfo<int>)JsonSerializerOptions.Default.GetTypeInfo(typeof(int));
        var machine = new TypedStateMachine<int, int>(new Adder(), numbers, numbers);
        var batch = new CommandBatch();
        foreach (string command in (string[])["1", "no number", "null", "{", "2"])
        {
            batch.Add(TestCluster.Encode(command), default);
        }

        await machine.ApplyAsync(batch);

        Assert.Equal("1", TestCluster.Text(batch.AnswerAt(0)));
        Assert.All([1, 2, 3], i => Assert.Contains("error", TestCluster.Text(batch.AnswerAt(i)), StringComparison.Ordinal));
        Assert.Equal("3", TestCluster.Text(batch.AnswerAt(4)));
    }

    private sealed class Adder : IStateMachine<int, int>
    {
        private int _sum;

        public int Apply(int command, AppliedAt at) => _sum += command;

        public void Save(Stream state) => throw new NotSupportedException();

        public void Load(Stream state) => throw new NotSupportedException();
    }
}
