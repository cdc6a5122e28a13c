using System.Globalization;
using Graft.Consensus;

namespace Graft.Simulation.Nodes;

/// <summary>One seed: one history of whole nodes and their callers, in two acts.</summary>
/// <remarks>docs/internals/simulation.md says what happens in it and what is asked.</remarks>
public sealed partial class NodeWorld
{
    private static readonly TimeSpan HealTime = TimeSpan.FromSeconds(90);

    private readonly NodeWorldOptions _options;
    private readonly NodeRunSettings _settings;
    private readonly SeededRandom _acts;
    private readonly SeededRandom _faults;
    private readonly SeededRandom _seeds;
    private readonly WorldLoop _loop;
    private readonly SimulatedNetwork _network;
    private readonly Ledger _ledger;
    private readonly List<SimulatedNode> _nodes = [];
    private readonly SortedDictionary<string, long> _tally = new(StringComparer.Ordinal);
    private bool _isCalm = true;
    private bool _isOver;

    private NodeWorld(ulong seed, NodeRunSettings settings)
    {
        var random = new SeededRandom(seed);
        _options = new NodeWorldOptions(random.Fork());
        _settings = settings;
        _loop = new WorldLoop(random.Fork()) { TurnEnded = OnTurnEnded };
        _network = new SimulatedNetwork(_loop, random.Fork(), _options.Network);
        _acts = random.Fork();
        _faults = random.Fork();
        _seeds = random.Fork();
        _ledger = new Ledger(_loop);
    }

    /// <summary>Runs one seed to its end, or to the first thing that may not be.</summary>
    public static NodeSeedReport Run(ulong seed, NodeRunSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var world = new NodeWorld(seed, settings);
        var over = new TaskCompletionSource();
        world._loop.Root.Start(() => world.PlayGuardedAsync(over));
        world._loop.RunUntil(over.Task, TimeSpan.FromSeconds(settings.Seconds + 600));
        world.Note("world", world._loop.Failure is { } failure ? $"FAILED {failure}" : "the end");
        return new NodeSeedReport
        {
            Seed = seed,
            Options = world._options.ToString(),
            Turns = world._loop.Turns,
            Simulated = world._loop.Elapsed,
            Digest = world._loop.Digest,
            Acknowledged = world._ledger.Acknowledged,
            ReadsServed = world._ledger.Reads,
            Faults = world._tally,
            Failure = world._loop.Failure,
            Where = world._loop.Where,
        };
    }

    private async Task PlayGuardedAsync(TaskCompletionSource over)
    {
        try
        {
            await PlayAsync();
        }
#pragma warning disable CA1031 // Whatever goes wrong in here is a finding of this seed, and the other seeds go on.
        catch (Exception crash)
#pragma warning restore CA1031
        {
            _loop.Fail($"{crash.GetType().Name}: {crash.Message}", crash.StackTrace);
        }

        over.TrySetResult();
    }

    private async Task PlayAsync()
    {
        await FoundAsync();
        _isCalm = false;
        StartCallers();
        _loop.Root.Start(WatchCallsAsync);
        _loop.Root.Start(BreakAsync);
        await DelayAsync(TimeSpan.FromSeconds(_settings.Seconds));

        Note("world", "the second act");
        _isCalm = true;
        HealAll();
        await UntilAsync(() => _nodes.TrueForAll(static node => node.IsRetired || node.Running is not null), "all nodes are up again");
        await RetireRemovedAsync();
        await UntilAsync(HasLeader, "all nodes follow one leader");
        _areCallersDone = true;
        await UntilAsync(() => _calls.Count == 0, "all calls have ended");
        await SettleAllAsync();
        await WriteLastAsync();
        await UntilAsync(HaveConverged, "all nodes have the same state");
        await CheckRestAsync();
        await StopAllAsync();
        _isOver = true;
    }

    private Task DelayAsync(TimeSpan time) => Task.Delay(time, _loop.Root.Time, CancellationToken.None);

    /// <summary>Around this, so that short ones are frequent and long ones happen.</summary>
    private static TimeSpan Around(SeededRandom random, TimeSpan mean) => random.Next(TimeSpan.Zero, random.Chance(150) ? mean * 5 : mean);

    private async Task UntilAsync(Func<bool> holds, string what)
    {
        TimeSpan limit = _loop.Elapsed + HealTime;
        while (!holds())
        {
            if (_loop.Elapsed > limit)
            {
                _loop.Fail($"not so: within {HealTime.TotalSeconds} s of calm, {what} ({Describe()})");
            }

            await DelayAsync(TimeSpan.FromMilliseconds(20));
        }
    }

    private void Count(string what) => _tally[what] = _tally.GetValueOrDefault(what) + 1;

    private void Note(string who, string what)
    {
        if (_settings.Trace is { } trace)
        {
            trace(string.Create(CultureInfo.InvariantCulture, $"{_loop.Elapsed.TotalMilliseconds,10:0.000} {who,-8} {what}"));
        }
    }
}
