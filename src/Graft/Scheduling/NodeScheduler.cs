namespace Graft;

/// <summary>Where the turns of a node's actors run: on the thread pool, or on the one thread of a simulated world.</summary>
/// <remarks>
/// All that a node does on its own behalf starts here, so that the simulator decides what runs next by giving its own
/// <see cref="SynchronizationContext"/>. The embedder's context is never used: a node started from a user interface's thread
/// would otherwise wait for that thread to be idle.
/// </remarks>
/// <param name="context">The world's context, or null for the thread pool.</param>
internal sealed class NodeScheduler(SynchronizationContext? context)
{
    private static readonly SendOrPostCallback Execute = static actor => ((IThreadPoolWorkItem)actor!).Execute();

    /// <summary>Whether everything runs on one thread that somebody else drives.</summary>
    internal bool IsSimulated => context is not null;

    internal void Post(IThreadPoolWorkItem turn)
    {
        if (context is null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(turn, preferLocal: false);
        }
        else
        {
#pragma warning disable VSTHRD001 // There is no main thread here: the context is the simulated world's.
            context.Post(Execute, turn);
#pragma warning restore VSTHRD001
        }
    }

    /// <summary>Runs <paramref name="start"/> so that what it awaits continues here, and nothing of the caller flows in.</summary>
    internal void Start(Action start)
    {
        SynchronizationContext? callers = SynchronizationContext.Current;
        AsyncFlowControl? flow = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        try
        {
            SynchronizationContext.SetSynchronizationContext(context);
            start();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(callers);
            flow?.Undo();
        }
    }
}
