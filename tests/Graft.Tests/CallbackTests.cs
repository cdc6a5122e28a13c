using System.Diagnostics;
using System.Diagnostics.Metrics;
using Graft.Consensus;
using Microsoft.Extensions.Logging;

namespace Graft.Tests;

/// <summary>Code of the application that is told something, and throws: it ends neither a turn nor the process.</summary>
public sealed class CallbackTests
{
    [Fact]
    public void A_callback_of_leadership_that_throws_costs_a_line() => TestCluster.Play(3, async cluster =>
    {
        var log = new TestLog();
        cluster.Nodes.ForEach(node => node.Logger = log);
        await cluster.StartAllAsync();
        TestNode leader = cluster.Leader;
        leader.Actor.LeadershipToken.UnsafeRegister(static _ => throw new InvalidOperationException("The job is gone."), null);
        leader.Actor.TouchToken.UnsafeRegister(static _ => throw new InvalidOperationException("The other job, too."), null);

        cluster.Isolate(leader);
        await cluster.UntilAsync(() => leader.Actor.View.Role != Role.Leader && leader.Actor.TouchToken.IsCancellationRequested);
        cluster.Isolate(leader, isCut: false);
        await cluster.UntilLeaderAsync();

        Assert.Equal("1:x", await leader.WriteAsync("x") is var answer ? answer[..3] : "");
        Assert.False(leader.Runtime.Failed.IsCompleted);
        Assert.True(log.Count(1215) > 0);
    });

    [Fact]
    public void An_alarm_that_is_met_by_an_exception_stops_nobody() => NodeWorld.Play(async world =>
    {
        int alarms = 0;
        world.Configure = (_, options) => options.OnAlarm = _ =>
        {
            alarms++;
            throw new InvalidOperationException("The pager is down.");
        };
        await world.StartThreeAsync();
        foreach (TestMachine machine in world.Machines.Values)
        {
            machine.Poison = "poison";
        }

        await Assert.ThrowsAnyAsync<GraftException>(() => NodeWorld.WriteAsync(world.Leader, "poison"));
        await world.World.UntilAsync(() => alarms == 3, "all have raised the alarm");
        await world.World.DelayAsync(TimeSpan.FromSeconds(1));

        Assert.All(world.Nodes.Values, static node => Assert.False(node.Failed.IsCompleted));
    });

    [Fact]
    public void A_logger_that_throws_costs_its_lines() => TestCluster.Play(3, async cluster =>
    {
        cluster.Nodes.ForEach(static node => node.Logger = new ThrowingLog());
        await cluster.StartAllAsync();

        Assert.Equal("1:x", await cluster.Leader.WriteAsync("x"));
        Assert.All(cluster.Nodes, static node => Assert.False(node.Runtime.Failed.IsCompleted));
    });

    [Fact]
    public void Listeners_that_throw_cost_what_they_measure() => TestCluster.Play(3, async cluster =>
    {
        using var meters = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == NodeMeters.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        int thrown = 0;
        meters.SetMeasurementEventCallback<double>((_, _, _, _) => Throw(ref thrown));
        meters.SetMeasurementEventCallback<long>((_, _, _, _) => Throw(ref thrown));
        meters.Start();
        int world = Environment.CurrentManagedThreadId;
        using var traces = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == GroupMeters.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = _ => ThrowIn(world),
            ActivityStopped = _ => ThrowIn(world),
        };
        ActivitySource.AddActivityListener(traces);

        await cluster.StartAllAsync();
        Assert.Equal("1:x", await cluster.Leader.WriteAsync("x"));
        Assert.Equal("x", await cluster.Leader.ReadAsync(default));
        await cluster.Leader.Actor.TakeSnapshotAsync();
        TestNode deposed = cluster.Leader;
        cluster.Isolate(deposed);
        await cluster.UntilAsync(() => cluster.Nodes.Exists(node => node != deposed && node.Actor.View.Role == Role.Leader));

        Assert.True(thrown > 10, $"{thrown}");
        Assert.All(cluster.Nodes, static node => Assert.False(node.Runtime.Failed.IsCompleted));
    });

    private static void Throw(ref int thrown)
    {
        thrown++;
        throw new InvalidOperationException("The exporter is gone.");
    }

    // Sources are the process's: tests beside this one are left alone.
    private static void ThrowIn(int thread)
    {
        if (Environment.CurrentManagedThreadId == thread)
        {
            throw new InvalidOperationException("The tracer is gone.");
        }
    }

    private sealed class ThrowingLog : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new FormatException("No line today.");
    }
}
