namespace Graft.Simulation.Nodes;

/// <summary>All that runs in one process, as far as the world is concerned: it can be paused, slowed and killed between any two turns.</summary>
/// <remarks>Whatever was awaited in a process that died is never gone on with, as if it had been killed with its threads.</remarks>
internal sealed class SimulatedProcess : SynchronizationContext
{
    private readonly WorldLoop _loop;
    private readonly Queue<Turn> _held = new();

    internal SimulatedProcess(WorldLoop loop, string name, long origin)
    {
        (_loop, Name) = (loop, name);
        Time = new ProcessTime(loop, this, origin);
    }

    internal string Name { get; }

    internal ProcessTime Time { get; }

    /// <summary>The machine that it runs on; null for the world's own and for clients.</summary>
    internal SimulatedNode? Owner { get; init; }

    internal ProcessState State { get; private set; }

    /// <summary>How many of a thousand turns come late: a thread that was descheduled, a disk that is slow.</summary>
    internal int LateTurns { get; set; }

    internal TimeSpan LateMax { get; set; }

    /// <summary>How long it has been paused in all, in ticks, up to the last resumption.</summary>
    internal long PausedTicks { get; private set; }

    /// <summary>What a turn of it threw.</summary>
    internal Exception? Escaped { get; set; }

    private long _pausedAt;

    internal void Pause()
    {
        if (State == ProcessState.Running)
        {
            (State, _pausedAt) = (ProcessState.Paused, _loop.Now);
        }
    }

    internal void Resume()
    {
        if (State != ProcessState.Paused)
        {
            return;
        }

        State = ProcessState.Running;
        PausedTicks += _loop.Now - _pausedAt;
        while (_held.TryDequeue(out Turn turn))
        {
            _loop.Ready(turn);
        }
    }

    internal void Die()
    {
        State = ProcessState.Dead;
        _held.Clear();
    }

    internal void Hold(Turn turn) => _held.Enqueue(turn);

    /// <summary>Begins something in this process. What it throws is the process's: <see cref="Escaped"/>.</summary>
    internal void Start(Func<Task> begin) => Post(_ => _ = GuardAsync(begin), null);

    public override void Post(SendOrPostCallback d, object? state) => _loop.Post(this, d, state);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing may wait for the loop.");

    public override SynchronizationContext CreateCopy() => this;

    private async Task GuardAsync(Func<Task> begin)
    {
        try
        {
            await begin();
        }
#pragma warning disable CA1031 // What escapes is a finding of this seed, and the other seeds go on.
        catch (Exception escaped)
#pragma warning restore CA1031
        {
            Escaped ??= escaped;
        }
    }
}
