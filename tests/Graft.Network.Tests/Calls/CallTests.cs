using Graft.Consensus;
using Graft.Network.Tests.Links;

namespace Graft.Network.Tests.Calls;

public sealed class CallTests
{
    private static readonly GroupId Group = new(3);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_hundred_calls_at_a_time_get_their_own_answers_in_any_order() => Town.Play(async town =>
    {
        (CallConnection calls, TestHost host) = await OpenAsync(town);
        var order = new SeededRandom(7);
        host.Service = async (request, cancellation) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(order.Next(0, 50)), town.World.Time, cancellation);
            return new CallReply(request.Method, request.Body.ToArray());
        };

        List<Task<CallReply>> all = [.. Enumerable.Range(0, 100).Select(i => calls.CallAsync((ushort)i, Group, new[] { (byte)i }, Second, default).AsTask())];

        for (int i = 0; i < all.Count; i++)
        {
            CallReply reply = await all[i];
            Assert.Equal((i, (byte)i), (reply.Status, Assert.Single(reply.Body.ToArray())));
        }

        await calls.DisposeAsync();
    });

    [Fact] // museum L04
    public void A_request_that_is_not_sent_shifts_no_answer() => Town.Play(async town =>
    {
        (CallConnection calls, _) = await OpenAsync(town, new CallConnectionOptions { QueuedBytesMax = 4096 });
        int failed = 0;

        var all = new List<(byte Number, Task<CallReply> Task)>();
        for (byte i = 0; i < 100; i++)
        {
            all.Add((i, calls.CallAsync(i, Group, new byte[] { i }, Second, default).AsTask()));
            if (i % 3 == 0)
            {
                await Assert.ThrowsAsync<CallNotSentException>(() => calls.CallAsync(i, Group, new byte[5000], Second, default).AsTask());
            }
        }

        foreach ((byte number, Task<CallReply> task) in all)
        {
            try
            {
                CallReply reply = await task;
                Assert.Equal((number, number), (reply.Status, Assert.Single(reply.Body.ToArray())));
            }
            catch (CallNotSentException)
            {
                failed++;
            }
        }

        Assert.InRange(failed, 1, 50);
        await calls.DisposeAsync();
    });

    [Fact]
    public void A_late_answer_is_dropped_and_the_server_is_told_not_to_go_on() => Town.Play(async town =>
    {
        (CallConnection calls, TestHost host) = await OpenAsync(town);
        bool isCancelled = false;
        host.Service = async (request, cancellation) =>
        {
            using CancellationTokenRegistration registration = cancellation.Register(() => isCancelled = true);
            await Task.Delay(TimeSpan.FromSeconds(request.Method), town.World.Time, CancellationToken.None);
            return new CallReply(request.Method, default);
        };

        CallUnansweredException late = await Assert.ThrowsAsync<CallUnansweredException>(() => calls.CallAsync(2, Group, default, Second, default).AsTask());

        Assert.Contains("within 1 s", late.Message, StringComparison.Ordinal);
        await town.World.DelayAsync(TimeSpan.FromSeconds(3));
        Assert.True(isCancelled);
        Assert.Equal(0, (await calls.CallAsync(0, Group, default, Second, default)).Status);
        await calls.DisposeAsync();
    });

    [Fact]
    public void Cancelling_ends_the_waiting_and_the_work() => Town.Play(async town =>
    {
        (CallConnection calls, TestHost host) = await OpenAsync(town);
        bool isCancelled = false;
        host.Service = async (_, cancellation) =>
        {
            try
            {
                await Task.Delay(TimeSpan.FromHours(1), town.World.Time, cancellation);
            }
            catch (OperationCanceledException)
            {
                isCancelled = true;
                throw;
            }

            return default;
        };
        using var source = new CancellationTokenSource();
        Task<CallReply> call = calls.CallAsync(1, Group, default, TimeSpan.FromMinutes(5), source.Token).AsTask();
        await town.World.DelayAsync(Second);

        Cancel(source);

        await Assert.ThrowsAsync<OperationCanceledException>(() => call);
        await town.World.UntilAsync(() => isCancelled, "the work ends");
        await calls.DisposeAsync();
    });

    [Fact]
    public void A_lost_connection_says_which_calls_may_have_been_heard() => Town.Play(async town =>
    {
        (CallConnection calls, TestHost host) = await OpenAsync(town);
        var never = new TaskCompletionSource<CallReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        int heard = 0;
        host.Service = (_, _) =>
        {
            heard++;
            return new ValueTask<CallReply>(never.Task);
        };
        Task<CallReply> sent = calls.CallAsync(1, Group, default, TimeSpan.FromMinutes(1), default).AsTask();
        await town.World.UntilAsync(() => heard == 1, "the first is heard");

        town.Network.Reset("client", "h2");
        Task<CallReply> unsent = calls.CallAsync(2, Group, default, TimeSpan.FromMinutes(1), default).AsTask();

        await Assert.ThrowsAsync<CallUnansweredException>(() => sent);
        CallException second = await Assert.ThrowsAnyAsync<CallException>(() => unsent);
        Assert.NotNull(calls.WhyClosed);
        await Assert.ThrowsAsync<CallNotSentException>(() => calls.CallAsync(3, Group, default, Second, default).AsTask());
        Assert.Equal(1, heard);
        Assert.True(second is CallNotSentException or CallUnansweredException);
        never.SetResult(default);
        await calls.DisposeAsync();
    });

    [Fact]
    public void A_call_in_the_queue_of_a_cut_cable_was_not_sent() => Town.Play(async town =>
    {
        (CallConnection calls, TestHost host) = await OpenAsync(town);
        town.Network.Cut("client", "h2");
        byte[] large = new byte[4 << 20];

        // The first fills the pipe and stays in writing; the second waits behind it.
        Task<CallReply> first = calls.CallAsync(1, Group, large, TimeSpan.FromMinutes(1), default).AsTask();
        await town.World.DelayAsync(TimeSpan.FromMilliseconds(10));
        Task<CallReply> second = calls.CallAsync(2, Group, large, TimeSpan.FromMinutes(1), default).AsTask();

        await Assert.ThrowsAsync<CallUnansweredException>(() => first);
        await Assert.ThrowsAsync<CallNotSentException>(() => second);
        Assert.Contains("Nothing was heard for 3 s.", calls.WhyClosed, StringComparison.Ordinal);
        town.Network.Heal("client", "h2");
        await calls.DisposeAsync();
        await town.World.DelayAsync(TimeSpan.FromSeconds(5));
        Assert.Empty(host.Faults);
    });

    [Fact]
    public void Above_the_budget_a_request_is_turned_away_with_a_time_to_come_back() => Town.Play(async town =>
    {
        (CallConnection calls, TestHost host) = await OpenAsync(town, change: options => options with { CallsMax = 10 });
        var gate = new TaskCompletionSource<CallReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service = (_, _) => new ValueTask<CallReply>(gate.Task);
        List<Task<CallReply>> all = [.. Enumerable.Range(0, 30).Select(i => calls.CallAsync((ushort)i, Group, default, Second * 10, default).AsTask())];
        await town.World.DelayAsync(Second);

        Task<CallReply>[] turnedAway = [.. all.Where(task => task.IsCompleted)];
        Assert.Equal(20, turnedAway.Length);
        foreach (Task<CallReply> task in turnedAway)
        {
            CallReply reply = await task;
            Assert.Equal((CallStatus.Overloaded, TimeSpan.FromMilliseconds(100)), (reply.Status, reply.RetryAfter));
        }

        gate.SetResult(new CallReply(7, default));
        foreach (Task<CallReply> task in all.Except(turnedAway))
        {
            Assert.Equal(7, (await task).Status);
        }

        host.Service = (_, _) => ValueTask.FromResult(new CallReply(8, default));
        Assert.Equal(8, (await calls.CallAsync(1, Group, default, Second, default)).Status);
        await calls.DisposeAsync();
    });

    [Fact]
    public void Items_come_before_the_answer_and_in_order() => Town.Play(async town =>
    {
        (CallConnection calls, TestHost host) = await OpenAsync(town);
        host.Service = async (request, cancellation) =>
        {
            for (byte i = 0; i < 10; i++)
            {
                Assert.True(request.Push([i]));
                await Task.Delay(TimeSpan.FromMilliseconds(1), town.World.Time, cancellation);
            }

            return new CallReply(1, default);
        };
        var items = new List<byte>();

        CallReply reply = await calls.CallAsync(1, Group, default, Second, hops: 3, item => items.Add(item.Span[0]), default);

        Assert.Equal(1, reply.Status);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (byte)i), items);
        await calls.DisposeAsync();
    });

    [Fact]
    public void What_the_server_gets_is_what_the_caller_said() => Town.Play(async town =>
    {
        (CallConnection calls, TestHost host) = await OpenAsync(town);
        CallRequest? seen = null;
        host.Service = (request, _) =>
        {
            seen = request;
            return ValueTask.FromResult(new CallReply(9, new byte[] { 1, 2 }, TimeSpan.FromMilliseconds(1500)));
        };

        CallReply reply = await calls.CallAsync(513, new GroupId(ulong.MaxValue), default, TimeSpan.FromSeconds(90), hops: 2, onItem: null, default);

        Assert.Equal((513, new GroupId(ulong.MaxValue), 2, TimeSpan.FromSeconds(90)), (seen!.Method, seen.Group, seen.Hops, seen.Remaining));
        Assert.Equal((9, TimeSpan.FromMilliseconds(1500)), (reply.Status, reply.RetryAfter));
        Assert.Equal(new byte[] { 1, 2 }, reply.Body.ToArray());
        Assert.Null(seen.Caller.Node);
        await calls.DisposeAsync();
    });

    [Fact]
    public void A_handler_that_throws_fails_its_own_call_alone() => Town.Play(async town =>
    {
        (CallConnection calls, TestHost host) = await OpenAsync(town);
        host.Service = (request, _) => request.Method == 1 ? throw new NotSupportedException("no") : ValueTask.FromResult(new CallReply(5, default));

        Assert.Equal(CallStatus.Failed, (await calls.CallAsync(1, Group, default, Second, default)).Status);
        Assert.Equal(5, (await calls.CallAsync(2, Group, default, Second, default)).Status);
        Assert.Contains("NotSupportedException: no", host.Only(NetworkEventKind.CallFailed).Text, StringComparison.Ordinal);
        await calls.DisposeAsync();
    });

    [Fact]
    public void A_caller_that_asks_and_does_not_read_is_cut_off() => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2, options => options with { QueuedBytesMax = 1 << 20 });
        host.Service = (_, _) => ValueTask.FromResult(new CallReply(1, new byte[100_000]));
        await using RawPeer raw = await RawPeer.GreetAsync(town, 2, new Hello { Kind = ConnectionKind.Call });
        byte[] head = new byte[CallCodec.RequestHeadBytes];
        CallCodec.WriteRequest(head, 1, Group, 0, Second);

        await Assert.ThrowsAsync<IOException>(async () =>
        {
            for (ulong id = 1; id < 10_000; id++)
            {
                await raw.SendAsync(RawPeer.Frame(FrameType.Request, id, head));
                await town.World.DelayAsync(TimeSpan.FromMilliseconds(1));
            }
        });
        await town.World.UntilAsync(() => host.Events.Exists(what => what.Kind == NetworkEventKind.ConnectionBroken), "it is told");
        host.Only(NetworkEventKind.ConnectionBroken);
    });

    [Fact]
    public void Answers_that_come_faster_than_the_line_takes_them_wait_for_it() => Town.Play(
        async town =>
        {
            (CallConnection calls, TestHost host) = await OpenAsync(town);
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            host.Service = async (request, _) =>
            {
                await gate.Task;
                return new CallReply(request.Method, new byte[12 << 20]);
            };
            Task<CallReply>[] all = [.. Enumerable.Range(1, 3).Select(i => calls.CallAsync((ushort)i, Group, default, Second * 60, default).AsTask())];
            await town.World.DelayAsync(Second);

            gate.SetResult();

            for (int i = 0; i < all.Length; i++)
            {
                CallReply reply = await all[i];
                Assert.Equal((i + 1, 12 << 20), (reply.Status, reply.Body.Length));
            }

            Assert.Empty(host.Events);
            await calls.DisposeAsync();
        },
        seeds: 2);

    [Fact]
    public void Where_answers_have_no_room_to_wait_a_read_may_be_asked_again_and_a_write_is_in_doubt() => Town.Play(async town =>
    {
        const int Size = 100_000;
        (_, TestHost host) = await town.StartAsync(2, options => options with { QueuedBytesMax = 150_000, CallBytesPerConnectionMax = 150_000 });
        host.Service = (request, _) => ValueTask.FromResult(new CallReply(1, new byte[Size]) { ChangedNothing = request.Method == 1 });
        await using RawPeer raw = await RawPeer.GreetAsync(town, 2, new Hello { Kind = ConnectionKind.Call });
        for (ulong id = 1; id <= 4; id++)
        {
            await raw.SendAsync(RawPeer.Request(id, (ushort)(id == 4 ? 2 : 1), 0));
            await town.World.DelayAsync(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal((1ul, (ushort)1, Size), await raw.ResponseAsync());
        Assert.Equal((2ul, (ushort)1, Size), await raw.ResponseAsync());
        Assert.Equal((3ul, CallStatus.Overloaded, 0L), await raw.ResponseAsync());
        Assert.Equal((4ul, CallStatus.Failed, 0L), await raw.ResponseAsync());
        Assert.Equal(2, host.Events.Count(what => what.Kind == NetworkEventKind.CallOverloaded));

        for (ulong id = 5; id <= 8; id++)
        {
            await raw.SendAsync(RawPeer.Request(id, 1, 0));
            Assert.Equal((id, (ushort)1, Size), await raw.ResponseAsync());
        }

        // What fits no queue holds up no other.
        host.Service = (request, _) => ValueTask.FromResult(new CallReply(1, new byte[request.Method == 1 ? 150_000 : 10]) { ChangedNothing = true });
        await raw.SendAsync([.. RawPeer.Request(9, 1, 0), .. RawPeer.Request(10, 2, 0)]);
        Assert.Equal((9ul, CallStatus.Failed, 0L), await raw.ResponseAsync());
        Assert.Equal((10ul, (ushort)1, 10L), await raw.ResponseAsync());
    });

    [Fact]
    public void Requests_that_wait_keep_no_appends_away() => Town.Play(async town =>
    {
        (CallConnection calls, TestHost host) = await OpenAsync(town, change: options => options with { ReceivedBytesMax = 1 << 20 });
        (Endpoint one, _) = await town.StartAsync(1);
        PeerLink link = await LinkTests.ConnectAsync(town, one, 2);
        var gate = new TaskCompletionSource<CallReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Service = (_, _) => new ValueTask<CallReply>(gate.Task);
        Task<CallReply>[] all = [.. Enumerable.Range(0, 3).Select(_ => calls.CallAsync(1, Group, new byte[1 << 20], Second * 60, default).AsTask())];
        await town.World.DelayAsync(Second);

        Assert.True(link.Send(Group, Town.Append(1, 2, 1, 1), Town.Entries(1, 100)));
        await town.World.DelayAsync(Second);

        Assert.Single(host.Messages);
        gate.SetResult(default);
        foreach (Task<CallReply> each in all)
        {
            await each;
        }

        await calls.DisposeAsync();
    });

    [Fact]
    public void Nodes_call_each_other_over_one_connection() => Town.Play(async town =>
    {
        (Endpoint one, _) = await town.StartAsync(1);
        (_, TestHost host) = await town.StartAsync(2);
        host.Service = (request, _) => ValueTask.FromResult(new CallReply((ushort)request.Caller.Node!.Value.Value, default));
        await Assert.ThrowsAsync<CallNotSentException>(() => one.CallAsync(new NodeId(2), 1, Group, default, Second, 1, default).AsTask());
        await LinkTests.ConnectAsync(town, one, 2);

        Task<CallReply>[] all = [.. Enumerable.Range(0, 10).Select(_ => one.CallAsync(new NodeId(2), 1, Group, default, Second, 1, default).AsTask())];
        foreach (Task<CallReply> task in all)
        {
            Assert.Equal(1, (await task).Status);
        }

        Assert.Equal(2, town.Network.OpenConnections);
        town.Network.Reset("h1", "h2");
        await town.World.DelayAsync(Second);
        Assert.Equal(1, (await one.CallAsync(new NodeId(2), 1, Group, default, Second, 1, default)).Status);
    });

    private static async Task<(CallConnection Calls, TestHost Host)> OpenAsync(
        Town town, CallConnectionOptions? options = null, Func<EndpointOptions, EndpointOptions>? change = null)
    {
        (_, TestHost host) = await town.StartAsync(2, change);
        CallConnection calls = await CallConnection.OpenAsync(
            options ?? new CallConnectionOptions(), town.Network.At("client"), Town.AddressOf(2), town.World.Time, CancellationToken.None);
        Assert.Equal(new NodeId(2), calls.Server.Node);
        return (calls, host);
    }

    private static void Cancel(CancellationTokenSource source) => source.Cancel();
}
