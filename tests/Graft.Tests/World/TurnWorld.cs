using Graft.Consensus;

namespace Graft.Tests;

/// <summary>A world of one thread: whatever its nodes do next is chosen by the seed, and time jumps when there is nothing to do.</summary>
/// <remarks>
/// Nodes get it as their <see cref="SynchronizationContext"/>. A continuation that comes from another thread has left the world;
/// what it did there no seed can repeat, so the run fails and says so.
/// </remarks>
internal sealed class TurnWorld : SynchronizationContext
{
    private readonly SeededRandom _random;
    private readonly List<(SendOrPostCallback Callback, object? State)> _ready = [];
    private readonly PriorityQueue<Action, (Instant At, ulong Tie, long Order)> _later = new();
    private readonly Lock _gate = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private string? _escape;
    private long _order;

    /// <param name="seed">Decides every choice of order.</param>
    public TurnWorld(ulong seed) => _random = new SeededRandom(seed);

    /// <summary>What wall clocks show when the world begins.</summary>
    public static DateTimeOffset Epoch { get; } = DateTimeOffset.UnixEpoch.AddYears(55);

    /// <summary>The time that has passed in the world.</summary>
    public Instant Now { get; private set; }

    /// <summary>Turns taken so far.</summary>
    public long Turns { get; private set; }

    /// <summary>Has something done at a time, or behind everything else if that is past.</summary>
    public void At(Instant at, Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        CheckThread();
        _later.Enqueue(action, (at, _random.NextUInt64(), _order++));
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        CheckThread();
        lock (_gate)
        {
            _ready.Add((d, state));
        }
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Nobody in a world of one thread can wait for it.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Runs <paramref name="main"/> and everything that it starts until it ends.</summary>
    /// <param name="main">What is to happen.</param>
    /// <param name="limit">How much time may pass in the world.</param>
    /// <exception cref="InvalidOperationException">It hasn't ended, and nothing is left that could end it; or the time is over; or something left the world.</exception>
    public void Run(Func<Task> main, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(main);
        SynchronizationContext? before = Current;
        SetSynchronizationContext(this);
        try
        {
            Task task = main();
            Instant end = Now + limit;
            while (!task.IsCompleted)
            {
                if (!TryStep(end))
                {
                    throw new InvalidOperationException(Now >= end
                        ? $"The story isn't over after {limit.TotalSeconds} s of its world."
                        : $"After {Now} nothing is left to do, and the story isn't over.");
                }
            }

#pragma warning disable VSTHRD002 // It has ended: this throws what it threw.
            task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Takes one turn, or lets time pass until there is one.</summary>
    /// <returns>False if nothing is due before <paramref name="end"/>.</returns>
    public bool TryStep(Instant end)
    {
        CheckThread();
        while (_later.TryPeek(out Action? due, out (Instant At, ulong Tie, long Order) at) && at.At <= Now)
        {
            _later.Dequeue();
            Post(static action => ((Action)action!)(), due);
        }

        if (_ready.Count == 0)
        {
            if (!_later.TryPeek(out _, out (Instant At, ulong Tie, long Order) next) || next.At > end)
            {
                Now = Instant.Later(Now, _later.Count > 0 ? end : Now);
                return false;
            }

            Now = Instant.Later(Now, next.At);
            return true;
        }

        // Any order of what is ready at one time is a possible one; the seed tries them.
        int choice = _ready.Count == 1 ? 0 : (int)_random.NextBelow((ulong)_ready.Count);
        (SendOrPostCallback callback, object? state) = _ready[choice];
        _ready.RemoveAt(choice);
        Turns++;
        callback(state);
        return true;
    }

    private void CheckThread()
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            _escape = Environment.StackTrace;
        }

        if (_escape is not null)
        {
            throw new InvalidOperationException($"Something left the world and came back from another thread:\n{_escape}");
        }
    }
}
