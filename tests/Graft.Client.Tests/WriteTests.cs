using System.Text;
using Graft.Consensus;
using Graft.Network;
using Graft.Tests;
using Graft.Tests.Support;

namespace Graft.Client.Tests;

public sealed class WriteTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    [InlineData("c")]
    public void Any_member_will_do_as_a_seed(string seed) => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client(seed);

        Assert.Equal("1:x", await client.SayAsync("x"));
        Assert.Equal("2:y", await client.SayAsync("y"));

        Assert.Equal("x,y", await client.AskAsync());
        Assert.Equal(world.Leader.Cluster, client.Cluster);
    });

    [Fact]
    public void Seeds_that_do_not_answer_are_passed_over() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("nobody", "nowhere", "c");

        Assert.Equal("1:x", await client.SayAsync("x"));
    });

    [Fact]
    public void One_connection_to_each_node_carries_all_calls() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        int before = world.Network.OpenConnections;
        await using GraftClient client = world.Client("a", "b", "c");
        await client.SayAsync("first");

        Task<string>[] writes = [.. Enumerable.Range(0, 50).Select(i => client.SayAsync($"c{i}"))];
        Task<string>[] reads = [.. Enumerable.Range(0, 50).Select(_ => client.AskAsync())];
        foreach (Task<string> each in writes.Concat(reads))
        {
            await each;
        }

        Assert.InRange(world.Network.OpenConnections - before, 1, 3);
        await client.DisposeAsync();
        await world.World.UntilAsync(() => world.Network.OpenConnections <= before, "the client's connections are closed");
    });

    [Fact]
    public void Writes_go_on_while_one_leader_after_the_other_is_stopped() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("a", "b");
        int count = 0;
        for (int round = 0; round < 4; round++)
        {
            string stopped = world.NameOfLeader();
            Task<string>[] writes = [.. Enumerable.Range(0, 10).Select(i => client.SayAsync($"r{round}.{i}"))];
            await world.StopAsync(stopped);
            foreach (Task<string> write in writes)
            {
                await write;
                count++;
            }

            await world.StartAsync(stopped, "a", "b", "c");
            await world.SettleAsync();
        }

        TestMachine machine = world.Machines[world.NameOfLeader()];
        Assert.Equal(count, machine.Applied.Count);
        Assert.Equal(count, machine.Applied.Distinct().Count());
    });

    [Fact]
    public void A_transfer_is_followed_by_redirects() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("a");
        await client.SayAsync("before");
        for (int i = 0; i < 6; i++)
        {
            NodeId target = world.Nodes.Values.ElementAt(i % 3).Id;
            if (world.Leader.Id != target)
            {
                await client.TransferLeadershipAsync(target, default, CancellationToken.None);
                await world.SettleAsync();
            }

            Assert.Equal(target, world.Leader.Id);
            Assert.Equal($"{i + 2}:t{i}", await client.SayAsync($"t{i}"));
        }
    });

    [Fact]
    public void Without_a_quorum_a_write_ends_at_its_deadline_and_is_settled_later() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("a", "b", "c");
        await client.SayAsync("before");
        world.Network.Cut("a", "b");
        world.Network.Cut("b", "c");
        world.Network.Cut("a", "c");

        TimeSpan began = world.World.Time.Elapsed;
        UnknownOutcomeException unknown = await Assert.ThrowsAsync<UnknownOutcomeException>(() => client.SayAsync("lost", TimeSpan.FromSeconds(7)));
        Assert.InRange(world.World.Time.Elapsed - began, TimeSpan.FromSeconds(6.9), TimeSpan.FromSeconds(7.1));

        began = world.World.Time.Elapsed;
        RejectedException rejected = await Assert.ThrowsAsync<RejectedException>(() => client.SayAsync("nobody leads", TimeSpan.FromSeconds(3)));
        Assert.Equal(RejectReason.NoLeader, rejected.Reason);
        Assert.InRange(world.World.Time.Elapsed - began, TimeSpan.FromSeconds(2.9), TimeSpan.FromSeconds(3.1));

        world.Network.Heal("a", "b");
        world.Network.Heal("b", "c");
        world.Network.Heal("a", "c");
        bool isDone = await IsDoneAsync(client, unknown.Write);
        await client.SayAsync("after");
        Assert.Equal(isDone ? 1 : 0, world.TimesApplied("lost"));
        Assert.Equal(0, world.TimesApplied("nobody leads"));
    });

    [Fact]
    public void Another_cluster_is_refused_with_both_ids() => NodeWorld.Play(async world =>
    {
        await world.StartAsync("a");
        var other = new ClusterId(4711);
        await using GraftClient client = world.Client("client", options => options with { Cluster = other }, "a");

        RejectedException write = await Assert.ThrowsAsync<RejectedException>(() => client.SayAsync("x"));
        RejectedException read = await Assert.ThrowsAsync<RejectedException>(() => client.AskAsync());

        Assert.Equal((RejectReason.OtherCluster, RejectReason.OtherCluster), (write.Reason, read.Reason));
        Assert.Contains(other.ToString(), write.Message, StringComparison.Ordinal);
        Assert.Contains(world.Nodes["a"].Cluster.ToString(), write.Message, StringComparison.Ordinal);
        Assert.Empty(world.Machines["a"].Applied);
    });

    [Fact]
    public void The_cluster_that_answers_first_is_the_only_one() => NodeWorld.Play(async world =>
    {
        await world.StartAsync("a");
        await world.StartAsync("z");
        await using GraftClient client = world.Client("a", "z");
        await client.SayAsync("x");

        await world.StopAsync("a");
        await Assert.ThrowsAnyAsync<GraftException>(() => client.SayAsync("y", TimeSpan.FromSeconds(3)));

        Assert.Empty(world.Machines["z"].Applied);
    });

    [Fact]
    public void A_session_that_expired_while_nothing_was_under_way_is_replaced() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("client", static options => options with { SessionLifetime = TimeSpan.FromSeconds(4) }, "a");
        await using GraftClient other = world.Client("other", static options => options, "a");
        await client.SayAsync("one");
        world.CutOff("client");
        await world.World.DelayAsync(TimeSpan.FromSeconds(20));
        await other.SayAsync("two");
        world.HealAll("client");

        Assert.Equal("3:three", await client.SayAsync("three"));
        Assert.Equal("one,two,three", await client.AskAsync());
    });

    [Fact]
    public void An_idle_session_is_kept_alive() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("client", static options => options with { SessionLifetime = TimeSpan.FromSeconds(4) }, "a");
        await using GraftClient other = world.Client("other", static options => options, "a");
        await client.SayAsync("one");
        string leader = world.NameOfLeader();
        foreach (string follower in world.Nodes.Keys.Where(name => name != leader))
        {
            world.Network.Cut(leader, follower);
        }

        UnknownOutcomeException unknown = await Assert.ThrowsAsync<UnknownOutcomeException>(() => client.SayAsync("lost", TimeSpan.FromMilliseconds(100)));
        foreach (string follower in world.Nodes.Keys.Where(name => name != leader))
        {
            world.Network.Heal(leader, follower);
        }

        for (int i = 0; i < 20; i++)
        {
            await world.World.DelayAsync(TimeSpan.FromSeconds(1));
            await other.SayAsync($"o{i}");
        }

        // Five lifetimes later the group still knows what became of it.
        Assert.Equal(await IsDoneAsync(client, unknown.Write) ? 1 : 0, world.TimesApplied("lost"));
    });

    [Fact]
    public void A_write_that_was_under_way_when_its_session_expired_is_unknown_and_never_sent_anew() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("client", static options => options with { SessionLifetime = TimeSpan.FromSeconds(4) }, "a", "b", "c");
        await using GraftClient other = world.Client("other", static options => options, "a");
        await client.SayAsync("one");

        Task<string> write = client.SayAsync("two", TimeSpan.FromMinutes(2));
        await world.World.UntilAsync(() => world.Machines.Values.Any(machine => machine.Applied.Contains("two")) || write.IsCompleted, "it is applied");
        Task<string> cut = client.SayAsync("three", TimeSpan.FromMinutes(2));
        world.CutOff("client");
        await world.World.DelayAsync(TimeSpan.FromSeconds(20));
        await other.SayAsync("four");
        await world.World.DelayAsync(TimeSpan.FromSeconds(1));
        await other.SayAsync("five");
        world.HealAll("client");

        await write;
        UnknownOutcomeException unknown = await Assert.ThrowsAsync<UnknownOutcomeException>(() => cut);
        Assert.InRange(world.TimesApplied("three"), 0, 1);
        await Assert.ThrowsAsync<UnknownOutcomeException>(() => client.ResolveAsync(unknown.Write, default, CancellationToken.None).AsTask());
        await client.SayAsync("six");
    });

    [Fact]
    public void More_writes_than_a_session_has_room_for_wait_their_turn() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("a");

        Task<string>[] writes = [.. Enumerable.Range(0, 3 * WriteSession.SpanMax).Select(i => client.SayAsync($"c{i}", TimeSpan.FromMinutes(1)))];
        foreach (Task<string> write in writes)
        {
            await write;
        }

        TestMachine machine = world.Machines[world.NameOfLeader()];
        Assert.Equal(writes.Length, machine.Applied.Count);
        Assert.Equal(writes.Length, machine.Applied.Distinct().Count());
    });

    [Fact]
    public void Waiting_for_room_ends_with_the_deadline() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("a");
        await client.SayAsync("first");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (TestMachine machine in world.Machines.Values)
        {
            machine.Gate = gate.Task;
        }

        Task<string>[] writes = [.. Enumerable.Range(0, WriteSession.SpanMax).Select(i => client.SayAsync($"c{i}", TimeSpan.FromMinutes(1)))];
        RejectedException late = await Assert.ThrowsAsync<RejectedException>(() => client.SayAsync("late", TimeSpan.FromSeconds(1)));
        Assert.Equal(RejectReason.TimedOut, late.Reason);
        gate.SetResult();
        foreach (Task<string> write in writes)
        {
            await write;
        }

        Assert.Equal(0, world.TimesApplied("late"));
    });

    [Fact]
    public void Overload_is_waited_out_and_told_where_it_cannot_be() => NodeWorld.Play(async world =>
    {
        await world.StartAsync("a");
        await using GraftClient client = world.Client("a");
        await client.SayAsync("first");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Machines["a"].Gate = gate.Task;
        Task<string> held = client.SayAsync("held", TimeSpan.FromMinutes(1));
        await world.World.DelayAsync(TimeSpan.FromMilliseconds(10));
        Task<string>[] reads = [.. Enumerable.Range(0, 1_100).Select(_ => client.AskAsync(ReadConsistency.Local, TimeSpan.FromMinutes(1)))];
        await world.World.DelayAsync(TimeSpan.FromMilliseconds(10));

        OverloadedException overloaded = await Assert.ThrowsAsync<OverloadedException>(() => client.SayAsync("no time", TimeSpan.FromMilliseconds(50)));
        Task<string> patient = client.SayAsync("patient", TimeSpan.FromMinutes(1));
        await world.World.DelayAsync(TimeSpan.FromSeconds(1));
        Assert.False(patient.IsCompleted);
        gate.SetResult();

        Assert.Equal(TimeSpan.FromMilliseconds(100), overloaded.RetryAfter);
        Assert.Equal("2:held", await held);
        Assert.Equal("3:patient", await patient);
        foreach (Task<string> read in reads)
        {
            await read;
        }
    });

    [Fact]
    public void A_command_that_no_group_takes_is_rejected_at_once() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await using GraftClient client = world.Client("a");

        RejectedException large = await Assert.ThrowsAsync<RejectedException>(() => client.WriteAsync(new byte[10 << 20], default, CancellationToken.None).AsTask());
        RejectedException larger = await Assert.ThrowsAsync<RejectedException>(() => client.WriteAsync(new byte[17 << 20], default, CancellationToken.None).AsTask());

        Assert.Equal((RejectReason.TooLarge, RejectReason.TooLarge), (large.Reason, larger.Reason));
        Assert.Equal("1:x", await client.SayAsync("x"));
    });

    [Fact] // each may have left one in the group, in the place of somebody else's
    public void Sessions_whose_opening_is_in_doubt_are_not_asked_for_without_a_pause() => WorldContext.Run(1, static async world =>
    {
        var network = new MemoryNetwork();
        var host = new StubbornHost(new NodeId(1));
        var options = new EndpointOptions { Node = new NodeId(1), Incarnation = new Incarnation(1), Listen = NodeWorld.At("a") };
        await using var node = new Endpoint(options, network.At("a"), world.Time, new SeededRandom(1), host);
        await node.StartAsync(CancellationToken.None);
        await using var client = new GraftClient(
            new ClientOptions { Seeds = [NodeWorld.At("a")] }, new ClientSeams { Network = network.At("client"), Time = world.Time, Seed = 1 });

        Task<string>[] writes = [.. Enumerable.Range(0, 5).Select(i => client.SayAsync($"{i}", TimeSpan.FromSeconds(10)))];
        foreach (Task<string> write in writes)
        {
            RejectedException rejected = await Assert.ThrowsAsync<RejectedException>(() => write);
            Assert.Equal(RejectReason.NoLeader, rejected.Reason);
        }

        Assert.InRange(host.Writes, 8, 25);
    });

    [Fact] // W7
    public void A_client_that_is_disposed_leaves_the_session_of_a_write_that_is_on_its_way() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        GraftClient client = world.Client("a");
        await using GraftClient other = world.Client("other", static options => options, "a");
        await client.SayAsync("first");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (TestMachine machine in world.Machines.Values)
        {
            machine.Gate = gate.Task;
        }

        Task<string> write = client.SayAsync("on its way", TimeSpan.FromMinutes(1));
        await world.World.DelayAsync(TimeSpan.FromSeconds(1));
        await client.DisposeAsync();
        UnknownOutcomeException unknown = await Assert.ThrowsAsync<UnknownOutcomeException>(() => write);
        gate.SetResult();

        WriteResult result = await other.ResolveAsync(unknown.Write, default, CancellationToken.None);
        Assert.Equal("2:on its way", Encoding.UTF8.GetString(result.Answer.Span));
    });

    /// <summary>What the group says of a write whose outcome was unknown.</summary>
    internal static async Task<bool> IsDoneAsync(GraftClient client, WriteId write)
    {
        try
        {
            WriteResult result = await client.ResolveAsync(write, TimeSpan.FromMinutes(1), CancellationToken.None);
            Assert.False(string.IsNullOrEmpty(Encoding.UTF8.GetString(result.Answer.Span)));
            return true;
        }
        catch (RejectedException fenced)
        {
            Assert.Equal(RejectReason.Fenced, fenced.Reason);
            return false;
        }
    }
}
