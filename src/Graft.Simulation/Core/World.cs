using System.Globalization;
using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>A cluster of real cores on simulated machines: virtual time, wires, disks and clocks, and clients that watch it.</summary>
/// <remarks>
/// <para>
/// Two acts. In the first anything that may go wrong does, and only safety is asked for. Then the faults stop, a part of
/// the cluster that is enough is healed, later all of it, and everything has to come to rest.
/// </para>
/// <para>
/// One event is one input of one core followed by its <see cref="CoreNode.Turn"/> (or, where the seed says so, by a Turn
/// some inputs later). Everything is drawn from the seed, one stream per subject, so a draw added to one doesn't shift the
/// others.
/// </para>
/// </remarks>
public sealed partial class World
{
    /// <summary>How many machines a world may ever have.</summary>
    internal const int SlotsMax = 24;

    private readonly SwarmOptions _options;
    private readonly RunSettings _settings;
    private readonly EventQueue _queue;
    private readonly Network _network;
    private readonly Slab _slab = new();
    private readonly Ledger _ledger = new();
    private readonly ClusterInvariants _cluster = new();
    private readonly Tally _tally = new();
    private readonly List<SimNode> _nodes = [];
    private readonly SeededRandom _hostRandom;
    private readonly SeededRandom _diskRandom;
    private readonly SeededRandom _clientRandom;
    private readonly SeededRandom _nemesisRandom;
    private readonly SeededRandom _actRandom;
    private readonly Action<string>? _trace;
    private readonly long _t;

    private long _time;
    private long _events;
    private ulong _digest = 0xCBF29CE484222325;

    private World(ulong seed, RunSettings settings)
    {
        var random = new SeededRandom(seed);
        _settings = settings;
        _trace = settings.Trace;
        _options = SwarmOptions.Draw(seed, random.Fork());
        _queue = new EventQueue(random.Fork());
        _network = new Network(_options, random.Fork(), SlotsMax, _tally);
        _hostRandom = random.Fork();
        _diskRandom = random.Fork();
        _clientRandom = random.Fork();
        _nemesisRandom = random.Fork();
        _actRandom = random.Fork();
        _watchRandom = random.Fork();
        _t = _options.ElectionTimeout.Ticks;
    }

    internal static ClusterId Cluster => new(0x6AF7);

    /// <summary>Runs one seed from its founding to its rest, or to the first thing that may not be.</summary>
    public static SeedReport Run(ulong seed, RunSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var world = new World(seed, settings);
        (string? failure, string? where) = (null, null);
        try
        {
            world.Found();
            world.Play();
        }
        catch (InvariantViolationException violation)
        {
            (failure, where) = (violation.Message, violation.StackTrace);
        }
#pragma warning disable CA1031 // Whatever a core or its host throws is a finding of this seed, and the other seeds go on.
        catch (Exception crash)
#pragma warning restore CA1031
        {
            (failure, where) = ($"{crash.GetType().Name}: {crash.Message}", crash.StackTrace);
        }

        world.Trace(-1, failure is null ? "the end" : $"FAILED {failure}");
        return new SeedReport
        {
            Seed = seed,
            Options = world._options.ToString(),
            Events = world._events,
            Simulated = new TimeSpan(world._time),
            Digest = world._digest,
            Acknowledged = world._ledger.Acknowledged,
            ReadsServed = world._ledger.ReadsServed,
            Tally = world._tally,
            Failure = failure,
            Where = where,
        };
    }

    private void Found()
    {
        var members = new List<Member>();
        for (int i = 0; i < _options.Voters; i++)
        {
            members.Add(new Member(new NodeId((ulong)i), MemberRole.Voter, IsWitness: i >= _options.Voters - _options.Witnesses));
        }

        for (int i = 0; i < _options.Learners; i++)
        {
            members.Add(new Member(new NodeId((ulong)(_options.Voters + i)), MemberRole.Learner));
        }

        var founding = Membership.Of(members);
        foreach (Member member in founding.Members)
        {
            AddMachine(new CoreDisk(founding), member.IsWitness);
        }

        foreach (SimNode node in _nodes.ToArray())
        {
            Start(node);
        }

        _queue.Add(_time + 1, EventKind.Client, 0, 0, 0);
        _queue.Add(_time + 1, EventKind.Nemesis, 0, 0, 0);
        _queue.Add(_time + _t, EventKind.Sweep, 0, 0, 0);
        long length = Math.Max(TimeSpan.FromSeconds(_settings.Seconds).Ticks, 60 * _t);
        _queue.Add(_time + length, EventKind.Act, 0, 0, 0);
    }

    private SimNode AddMachine(CoreDisk disk, bool isWitness)
    {
        var node = new SimNode(_nodes.Count, disk, isWitness) { Clock = DrawClock() };
        _nodes.Add(node);
        return node;
    }

    // Where 32 bits of milliseconds, 53 bits of a double and 63 bits of ticks end, a clock shortly runs over the edge.
    private NodeClock DrawClock()
    {
        long edge = _hostRandom.Next(0, 7) switch
        {
            0 => 0,
            1 => int.MaxValue * TimeSpan.TicksPerMillisecond,
            2 => uint.MaxValue * TimeSpan.TicksPerMillisecond,
            3 => 1L << 53,
            4 => 1L << 62,
            5 => -TimeSpan.TicksPerDay,
            6 => TimeSpan.TicksPerSecond * 20,
            _ => 1L << 40,
        };
        long before = (long)_hostRandom.NextBelow((ulong)(20 * TimeSpan.TicksPerSecond));

        // A hair inside the bound: readings are whole ticks, and one tick of rounding is no drift.
        int bound = _options.DriftPerMille * 990;
        return new NodeClock(edge - before - _time, bound == 0 ? 0 : _hostRandom.Next(-bound, bound));
    }

    // Within one election timeout: more than most worlds have from beginning to end.
    private const int EventsAtOnce = 200_000;

    private long _countedFrom;
    private int _counted;

    private void Play()
    {
        while (!_isOver)
        {
            SimEvent next = _queue.Take();
            Invariant.Check(next.At >= _time, next.At, _time);
            _time = next.At;
            if (_time - _countedFrom > _t)
            {
                (_countedFrom, _counted) = (_time, 0);
            }

            // No other rule is broken by a core that asks to be woken at once, again and again: they all wait for time to pass.
            _counted++;
            Violation.Unless(_counted < EventsAtOnce, "nobody is busy without end", _counted, _time);
            Dispatch(next);
        }
    }

    private void Dispatch(in SimEvent e)
    {
        if (e.Kind < EventKind.Resume)
        {
            SimNode node = _nodes[e.Node];
            if (e.Life != 0 && e.Life != node.Life)
            {
                if (e.Kind == EventKind.Load)
                {
                    _slab.Take(e.Argument);
                }

                return;
            }

            if (_act > 1 && e.Kind >= EventKind.Transfer)
            {
                // What an operator or the nemesis had in mind for later belonged to the first act.
                return;
            }

            if (node.IsPaused)
            {
                node.Backlog.Add(e);
                return;
            }

            Step(node, e);
            return;
        }

        switch (e.Kind)
        {
            case EventKind.Resume:
                if (e.Life == _nodes[e.Node].Life)
                {
                    Resume(_nodes[e.Node]);
                }

                break;
            case EventKind.Restart:
                if (e.Life == _nodes[e.Node].Life)
                {
                    Start(_nodes[e.Node]);
                }

                break;
            case EventKind.CrashNow:
                if (_act == 1 && e.Life == _nodes[e.Node].Life)
                {
                    Crash(_nodes[e.Node], (long)e.Argument);
                }

                break;
            case EventKind.Heal:
                if (e.Argument == _partition && _act == 1)
                {
                    _network.Uncut();
                    Trace(-1, "partition healed");
                }

                break;
            case EventKind.Clog:
                if (_act == 1)
                {
                    ClogInto(e.Node, (long)e.Argument);
                }

                break;
            case EventKind.Cut:
                if (_act == 1)
                {
                    _network.CutBoth(e.Node, (int)e.Argument);
                }

                break;
            case EventKind.Mute:
                if (_act == 1)
                {
                    Isolate(e.Node, inward: false, outward: true);
                }

                break;
            case EventKind.Release:
                if (e.Argument == _heldNumber)
                {
                    Release(_nodes[_heldTo], null);
                }

                break;
            case EventKind.Ask:
                AskAgain(e.Argument);
                break;
            case EventKind.Nemesis:
                DoSomethingBad();
                break;
            case EventKind.Client:
                CallClient();
                break;
            case EventKind.Sweep:
                Sweep();
                break;
            default:
                Act();
                break;
        }
    }

    private Instant Now(SimNode node) => node.Clock.Read(_time);

    private void Mix(ulong value)
    {
        unchecked
        {
            _digest = (_digest ^ value) * 0x100000001B3;
            _digest ^= _digest >> 29;
        }
    }

    private void Trace(int slot, string text)
    {
        if (_trace is { } trace)
        {
            trace(string.Create(CultureInfo.InvariantCulture, $"{_time / 10_000.0,12:0.000} {(slot < 0 ? "--" : $"n{slot}"),-4} {text}"));
        }
    }
}
