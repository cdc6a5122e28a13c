using System.Diagnostics;
using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft.Tests;

public sealed class TelemetryTests
{
    private const string InGroup = "graft.group=g1";

    private static readonly TimeSpan T = TimeSpan.FromMilliseconds(500);

    [Fact]
    public void A_write_is_measured_from_its_call_to_its_outcome_and_at_each_stage() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.DelayAsync(100);
        using var seen = new TestMeterListener(cluster.Leader.Runtime.Meters);

        await cluster.Leader.WriteAsync("a");

        (double whole, string tags) = seen.Single("graft.write.duration");
        Assert.Equal($"{InGroup} graft.outcome=committed", tags);
        (double queued, string _) = seen.Single("graft.write.queue.duration");
        (double committed, string _) = seen.Single("graft.write.commit.duration");
        Assert.True(queued + committed <= whole, $"{queued} s and {committed} s in {whole} s");
        Assert.True(committed >= 0.002, $"There and back takes two milliseconds; it was {committed} s.");
        Assert.Equal((1, InGroup), seen.Single("graft.apply.entries"));
        Assert.Equal((1, ""), seen.Single("graft.log.flush.entries"));
        Assert.True(seen.Single("graft.log.flush.size").Value > 0);
    });

    [Fact]
    public void A_write_that_came_to_nothing_is_measured_by_its_outcome() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        TestNode leader = cluster.Leader;
        using var seen = new TestMeterListener(leader.Runtime.Meters);
        cluster.Isolate(leader);

        await Assert.ThrowsAsync<UnknownOutcomeException>(() => leader.WriteAsync("x", new WriteOptions { Timeout = TimeSpan.FromSeconds(2) }));

        (double whole, string tags) = seen.Single("graft.write.duration");
        Assert.Equal($"{InGroup} graft.outcome=unknown", tags);
        Assert.InRange(whole, 2, 2.1);
    });

    [Fact]
    public void A_read_is_measured_by_the_level_that_was_used() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        using var seen = new TestMeterListener(cluster.Leader.Runtime.Meters);

        await cluster.Leader.ReadAsync(ReadConsistency.Linearizable);

        Assert.Equal($"{InGroup} graft.read.level=linearizable graft.outcome=answered", seen.Single("graft.read.duration").Tags);
    });

    [Fact]
    public void A_leader_tells_how_far_each_follower_is_behind() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.DelayAsync(1000);
        TestNode late = cluster.Nodes.First(node => node != cluster.Leader);
        cluster.Isolate(late);
        for (int i = 0; i < 7; i++)
        {
            await cluster.Leader.WriteAsync($"c{i}");
        }

        using var seen = new TestMeterListener(cluster.Leader.Runtime.Meters);
        seen.Collect();
        await cluster.DelayAsync(50);
        seen.Collect();

        Assert.Equal(2, seen.Seen.Count(each => each.Name == "graft.member.lag"));
        Assert.Contains(("graft.member.lag", 7, $"{InGroup} graft.peer={late.Id}"), seen.Seen);
        Assert.Equal((1, InGroup), seen.Single("graft.group.leader"));
        Assert.Equal((cluster.Leader.Actor.View.Commit.Value, InGroup), seen.Single("graft.log.commit"));
    });

    [Fact]
    public void Nothing_of_a_write_is_kept_for_measuring_while_nobody_listens() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        var write = new PendingWrite(new PendingWritePool());
        write.Begin(WriteForm.Command, default, default, Instant.Never, hops: 0);

        cluster.Leader.Actor.Meters.Begin(write);

        Assert.Null(write.Meters);
    });

    [Fact]
    public void A_lost_leader_and_a_new_one_are_counted() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.DelayAsync(1000);
        TestNode old = cluster.Leader;
        using var seen = new TestMeterListener(old.Runtime.Meters);
        cluster.Isolate(old);
        await cluster.UntilAsync(() => cluster.Nodes.Any(node => node != old && node.Actor.View.Role == Role.Leader));
        cluster.Isolate(old, isCut: false);
        await cluster.UntilLeaderAsync();

        Assert.Equal((1, InGroup), seen.Single("graft.leader.changes"));
    });

    [Fact]
    public void A_write_is_traced_below_its_caller() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        List<Activity> ended = [];
        using var caller = new Activity("caller");
        caller.Start();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == GroupMeters.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId == caller.TraceId ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == caller.TraceId)
                {
                    ended.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);

        Task<string> write = cluster.Leader.WriteAsync("a");
        Assert.Same(caller, Activity.Current);
        await write;

        Activity traced = Assert.Single(ended);
        Assert.Equal("graft.write", traced.OperationName);
        Assert.Equal(caller.SpanId, traced.ParentSpanId);
        Assert.Equal(["appended", "committed"], traced.Events.Select(each => each.Name));
        Assert.Equal("committed", traced.GetTagItem("graft.outcome"));
        Assert.Equal(ActivityStatusCode.Ok, traced.Status);
    });

    [Fact]
    public void Changes_of_leaders_and_members_are_written_to_the_log_and_nothing_at_rest() => TestCluster.Play(3, async cluster =>
    {
        TestLog[] logs = [.. cluster.Nodes.Select(static node => (TestLog)(node.Logger = new TestLog()))];
        await cluster.StartAllAsync();
        await cluster.DelayAsync(3000);
        Assert.All(logs, log => Assert.NotEqual(0, log.Count(1205)));
        int leader = cluster.Nodes.IndexOf(cluster.Leader);
        Assert.Equal(1, logs[leader].Count(1201));
        Array.ForEach(logs, log => log.Lines.Clear());

        await cluster.DelayAsync(60_000);
        Assert.All(logs, log => Assert.Empty(log.Lines));

        TestNode old = cluster.Leader;
        cluster.Isolate(old);
        await cluster.UntilAsync(() => cluster.Nodes.Any(node => node != old && node.Actor.View.Role == Role.Leader));
        await cluster.UntilAsync(() => old.Actor.View.Leader is null);
        await cluster.DelayAsync(100);
        Assert.Equal(1, logs[leader].Count(1202));
        Assert.Equal(1, logs.Sum(log => log.Count(1201)));
        Assert.NotEqual(0, logs.Sum(log => log.Count(1204)));
    });

    [Fact]
    public void A_storm_of_refusals_costs_one_line_a_second() => TestCluster.Play(
        1,
        async cluster =>
        {
            var log = new TestLog();
            cluster.Nodes[0].Logger = log;
            await cluster.StartAllAsync();

            await RefuseAsync(cluster, 100);
            Assert.Equal(1, log.Count(1213));
            await cluster.DelayAsync(1100);
            await RefuseAsync(cluster, 1);

            Assert.Equal(2, log.Count(1213));
            Assert.Contains("99 more were refused since the last line", log.Lines.Last(line => line.Id == 1213).Text, StringComparison.Ordinal);
        },
        settings: new GroupSettings { QueuedBytesMax = 3 });

    [Fact]
    public void A_slow_state_machine_is_written_to_the_log() => TestCluster.Play(1, async cluster =>
    {
        var log = new TestLog();
        cluster.Nodes[0].Logger = log;
        await cluster.StartAllAsync();
        var gate = new TaskCompletionSource();
        cluster.Leader.Machine.Gate = gate.Task;
        Task<string> slow = cluster.Leader.WriteAsync("slow");
        await cluster.DelayAsync(1500);
        Assert.Equal(0, log.Count(1212));

        gate.SetResult();
        await slow;
        await cluster.DelayAsync(10);

        Assert.Equal(1, log.Count(1212));
    });

    [Fact]
    public void What_is_slow_full_or_refused_is_written_with_its_figures() => TestCluster.Play(1, async cluster =>
    {
        var log = new TestLog();
        cluster.Nodes[0].Logger = log;
        await cluster.StartAllAsync();
        await cluster.DelayAsync(10);
        log.Lines.Clear();
        NodeEvents events = cluster.Leader.Runtime.Events!;

        events.Flushed(new FlushReport(TimeSpan.FromMilliseconds(100), 10, 1, 1));
        events.Flushed(new FlushReport(TimeSpan.FromMilliseconds(350), 4711, 1, 1));
        events.Flushed(new FlushReport(TimeSpan.FromMilliseconds(400), 4712, 1, 1));
        events.DiskFull(TestCluster.Group);
        events.DiskHealed(TestCluster.Group);
        events.LinkRefused(new NodeId(9), new HelloRefusal(RefusalCode.OtherCluster, 17, 42, "It's another's."));
        await cluster.DelayAsync(10);

        Assert.Equal([1211, 1209, 1210, 1303], log.Lines.Select(static line => line.Id));
        Assert.Contains("4711 bytes took 350 ms", log.Lines[0].Text, StringComparison.Ordinal);
        Assert.Contains("we said 17, it has 42", log.Lines[3].Text, StringComparison.Ordinal);
    });

    [Fact]
    public void A_link_is_written_to_the_log_when_it_comes_and_goes() => NodeWorld.Play(async world =>
    {
        var log = new TestLog();
        world.Configure = (name, options) => options.Logger = name == "a" ? log : null;
        await world.StartThreeAsync();
        await world.World.UntilAsync(() => log.Count(1301) == 2, "both are connected");
        string gone = $"{world.Nodes["c"].Id}";

        await world.StopAsync("c");
        await world.World.UntilAsync(() => log.Count(1302) > 0, "the link is down");

        Assert.Contains(gone, log.Lines.First(static line => line.Id == 1302).Text, StringComparison.Ordinal);
    });

    [Fact]
    public void A_snapshot_is_written_to_the_log_and_counted() => TestCluster.Play(1, async cluster =>
    {
        var log = new TestLog();
        cluster.Nodes[0].Logger = log;
        await cluster.StartAllAsync();
        await cluster.Leader.WriteAsync("a");
        using var seen = new TestMeterListener(cluster.Leader.Runtime.Meters);

        await cluster.Leader.Actor.TakeSnapshotAsync();
        await cluster.DelayAsync(10);

        Assert.Equal(1, log.Count(1206));
        Assert.Equal((1, InGroup), seen.Single("graft.snapshots.taken"));
    });

    [Fact]
    public void Who_leads_or_follows_is_in_touch_and_stays_so() => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.UntilLeaderAsync();
        CancellationToken[] tokens = [.. cluster.Nodes.Select(static node => node.Actor.TouchToken)];

        await cluster.DelayAsync(30_000);

        Assert.All(tokens, token => Assert.False(token.IsCancellationRequested));
    });

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    [InlineData(true, 10_000)]
    [InlineData(false, 10_000)]
    public void Who_is_cut_off_is_told_within_one_and_a_half_election_timeouts_and_is_in_touch_again_later(bool isLeader, int restsFor) => TestCluster.Play(3, async cluster =>
    {
        await cluster.StartAllAsync();
        await cluster.UntilLeaderAsync();
        await cluster.DelayAsync(restsFor);
        TestNode lone = cluster.Nodes.First(node => node == cluster.Leader == isLeader);
        CancellationToken touch = lone.Actor.TouchToken;
        Assert.False(touch.IsCancellationRequested);

        cluster.Isolate(lone);
        TimeSpan cut = cluster.World.Time.Elapsed;
        await cluster.UntilAsync(() => touch.IsCancellationRequested);
        Assert.True(cluster.World.Time.Elapsed - cut <= (T * 1.5) + TimeSpan.FromMilliseconds(20), $"{cluster.World.Time.Elapsed - cut}");
        Assert.True(lone.Actor.TouchToken.IsCancellationRequested);

        cluster.Isolate(lone, isCut: false);
        await cluster.UntilAsync(() => !lone.Actor.TouchToken.IsCancellationRequested);
        Assert.True(touch.IsCancellationRequested);
    });

    [Fact]
    public void A_node_that_stops_is_out_of_touch() => TestCluster.Play(1, async cluster =>
    {
        await cluster.StartAllAsync();
        CancellationToken touch = cluster.Leader.Actor.TouchToken;
        Assert.False(touch.IsCancellationRequested);

        await cluster.Leader.StopAsync();
        await cluster.UntilAsync(() => touch.IsCancellationRequested);
    });

    private static async Task RefuseAsync(TestCluster cluster, int times)
    {
        for (int i = 0; i < times; i++)
        {
            await Assert.ThrowsAsync<OverloadedException>(() => cluster.Leader.WriteAsync("too much"));
        }

        await cluster.DelayAsync(10);
    }
}
