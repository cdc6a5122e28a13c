using Graft.Consensus;

namespace Graft.Simulation.Nodes;

/// <summary>One thread, virtual time, and an order of all that is ready which the seed draws: the same seed, the same run.</summary>
/// <remarks>
/// Everything that runs belongs to a <see cref="SimulatedProcess"/>. A continuation that comes from another thread has left the world, and
/// the run with it is no run at all: it fails.
/// </remarks>
internal sealed class WorldLoop
{
    private readonly List<Turn> _ready = [];
    private readonly PriorityQueue<Due, (long At, ulong Number)> _due = new();
    private readonly SeededRandom _order;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private ulong _numbers;
    private long _now;

    internal WorldLoop(SeededRandom order)
    {
        _order = order;
        Root = new SimulatedProcess(this, "world", origin: 0);
    }

    /// <summary>What isn't a node's or a client's: the network, the faults, the checks. It is never paused and never dies.</summary>
    internal SimulatedProcess Root { get; }

    /// <summary>Since the world began, in ticks.</summary>
    internal long Now => _now;

    internal TimeSpan Elapsed => new(_now);

    /// <summary>How many turns have run.</summary>
    internal long Turns { get; private set; }

    /// <summary>A number that differs wherever two runs differ in what ran when.</summary>
    internal ulong Digest { get; private set; } = 14695981039346656037;

    /// <summary>What ends the run; null while nothing has.</summary>
    internal string? Failure { get; private set; }

    /// <summary>Where in the code.</summary>
    internal string? Where { get; private set; }

    /// <summary>Called after each turn of a process that is still alive.</summary>
    internal Action<SimulatedProcess>? TurnEnded { get; set; }

    /// <summary>Ends the run. The first failure is the one that counts.</summary>
    internal void Fail(string what, string? where = null)
    {
        if (Failure is null)
        {
            (Failure, Where) = (what, where ?? Environment.StackTrace);
        }
    }

    /// <summary>A reading of the monotonic clock. As on a real machine, no two are alike.</summary>
    internal long Look() => ++_now;

    internal void Post(SimulatedProcess process, SendOrPostCallback callback, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            Fail("A continuation came from another thread.");
        }

        var turn = new Turn(process, callback, state);
        if (process.LateTurns > 0 && _order.Chance(process.LateTurns))
        {
            _due.Enqueue(new Due(null, 0, turn), (_now + _order.Next(TimeSpan.Zero, process.LateMax).Ticks, ++_numbers));
        }
        else
        {
            Ready(turn);
        }
    }

    internal ulong Set(WorldTimer timer, TimeSpan wait)
    {
        ulong number = ++_numbers;
        _due.Enqueue(new Due(timer, number, default), (_now + Math.Max(0, wait.Ticks), number));
        return number;
    }

    /// <summary>Runs until the task has ended, something fails, or the time is over.</summary>
    internal void RunUntil(Task task, TimeSpan limit)
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        try
        {
            while (!task.IsCompleted && Failure is null)
            {
                if (_ready.Count > 0)
                {
                    RunOne();
                }
                else if (!MoveOn())
                {
                    Fail("The world waits, and nothing is left that could happen.");
                }
                else if (Elapsed > limit)
                {
                    Fail($"The run isn't over after {Elapsed}.");
                }
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>Gives back what a process held while it was paused.</summary>
    internal void Ready(Turn turn)
    {
        switch (turn.Process.State)
        {
            case ProcessState.Running:
                _ready.Add(turn);
                break;
            case ProcessState.Paused:
                turn.Process.Hold(turn);
                break;
            case ProcessState.Dead:
                break;
        }
    }

    private void RunOne()
    {
        int at = _order.Next(0, _ready.Count - 1);
        Turn turn = _ready[at];
        _ready[at] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        if (turn.Process.State != ProcessState.Running)
        {
            Ready(turn);
            return;
        }

        Turns++;
        unchecked
        {
            Digest = (Digest ^ (((ulong)at << 48) + ((ulong)_ready.Count << 40) + (ulong)_now)) * 1099511628211;
        }

        SynchronizationContext.SetSynchronizationContext(turn.Process);
        try
        {
            turn.Callback(turn.State);
        }
#pragma warning disable CA1031 // Whatever a process lets escape is a finding of this seed.
        catch (Exception escaped)
#pragma warning restore CA1031
        {
            turn.Process.Escaped ??= escaped;
        }

        TurnEnded?.Invoke(turn.Process);
    }

    private bool MoveOn()
    {
        bool isAny = false;
        while (_due.TryPeek(out Due due, out (long At, ulong Number) key) && (!isAny || key.At <= _now))
        {
            _due.Dequeue();
            if (due.Timer is null)
            {
                (isAny, _now) = (true, Math.Max(_now, key.At));
                Ready(due.Turn);
            }
            else if (due.Timer.IsSetAs(due.Number))
            {
                (isAny, _now) = (true, Math.Max(_now, key.At));
                Ready(due.Timer.TurnOf(due.Number));
            }
        }

        return isAny;
    }

    private readonly record struct Due(WorldTimer? Timer, ulong Number, Turn Turn);
}
