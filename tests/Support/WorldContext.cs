using Graft.Consensus;

namespace Graft.Tests.Support;

/// <summary>One thread, virtual time, and an order of all that is ready which the seed draws: the same seed, the same run.</summary>
/// <remarks>
/// A continuation that comes from another thread has left this world, and the run with it is no run at all: it fails. So does one in which
/// the test waits and nothing is left that could happen.
/// </remarks>
internal sealed class WorldContext : SynchronizationContext
{
    private readonly List<(SendOrPostCallback Callback, object? State)> _ready = [];
    private readonly SeededRandom _random;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private string? _foreign;

    internal WorldContext(ulong seed, bool clockMoves = false)
    {
        _random = new SeededRandom(seed);
        Time = new VirtualTime { MovesPerLook = clockMoves ? 1 : 0 };
    }

    internal VirtualTime Time { get; }

    /// <summary>How many continuations have run.</summary>
    internal long Steps { get; private set; }

    /// <summary>A number that differs wherever two runs differ in what ran when.</summary>
    internal ulong Digest { get; private set; }

    /// <summary>Plays a story to its end.</summary>
    /// <param name="seed">Of the order.</param>
    /// <param name="story">Gets the world. Everything that it starts runs in it.</param>
    /// <param name="limit">Virtual time after which it counts as stuck; ten minutes unless said.</param>
    /// <param name="clockMoves">Whether two looks at the clock differ, as they do on a real machine.</param>
    /// <returns>The digest of the run.</returns>
    internal static ulong Run(ulong seed, Func<WorldContext, Task> story, TimeSpan? limit = null, bool clockMoves = false)
    {
        var world = new WorldContext(seed, clockMoves);
        SynchronizationContext? before = Current;
        SetSynchronizationContext(world);
        try
        {
            Task task = story(world);
            world.RunUntil(task, limit ?? TimeSpan.FromMinutes(10));
#pragma warning disable VSTHRD002 // It has completed.
            task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
            return world.Digest;
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            _foreign ??= $"A continuation came from another thread.\n{Environment.StackTrace}";
        }

        lock (_ready)
        {
            _ready.Add((d, state));
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing may wait for the loop.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Lets virtual time pass.</summary>
    internal Task DelayAsync(TimeSpan time) => Task.Delay(time, Time, CancellationToken.None);

    /// <summary>Waits until something holds, looking again whenever a millisecond has passed.</summary>
    internal async Task UntilAsync(Func<bool> holds, string what)
    {
        for (int i = 0; !holds(); i++)
        {
            Assert.True(i < 120_000, $"Two minutes have passed, and never was it so: {what}");
            await DelayAsync(TimeSpan.FromMilliseconds(1));
        }
    }

    private void RunUntil(Task task, TimeSpan limit)
    {
        while (!task.IsCompleted)
        {
            if (_ready.Count > 0)
            {
                RunOne();
            }
            else
            {
                List<Action> due = Time.MoveToNext();
                Assert.True(due.Count > 0, "The story waits, and nothing is left that could happen.");
                Assert.True(Time.Elapsed <= limit, $"The story isn't over after {Time.Elapsed}.");
                foreach (Action action in due)
                {
                    Post(static action => ((Action)action!)(), action);
                }
            }

            Assert.True(_foreign is null, _foreign);
        }
    }

    private void RunOne()
    {
        int at = _random.Next(0, _ready.Count - 1);
        (SendOrPostCallback callback, object? state) = _ready[at];
        _ready.RemoveAt(at);
        Steps++;
        unchecked
        {
            Digest = (Digest * 31) + ((ulong)at << 20) + (ulong)_ready.Count + (ulong)Time.GetTimestamp();
        }

        callback(state);
    }
}
