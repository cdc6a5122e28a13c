namespace Graft.Network;

/// <summary>Runs something once for all who ask for it while it runs; whoever asks later starts it again.</summary>
/// <remarks>From any thread.</remarks>
/// <typeparam name="T">What comes of it.</typeparam>
public sealed class SharedRun<T>
{
    private readonly Lock _gate = new();
    private Task<T>? _running;

    /// <summary>The run that is under way, or a new one. How it ends, all who joined it are told.</summary>
    /// <param name="start">Starts it. Called under a lock, so it may ask for nothing of this run itself.</param>
    public Task<T> JoinAsync(Func<Task<T>> start)
    {
        ArgumentNullException.ThrowIfNull(start);
        lock (_gate)
        {
            if (_running is null || _running.IsCompleted)
            {
                _running = start();
            }

            return _running;
        }
    }
}
