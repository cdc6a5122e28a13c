namespace Graft;

/// <summary>Something that takes turns: one at a time, whoever asks, and none while nobody does.</summary>
/// <remarks>An idle actor costs the memory that it takes. However often it's asked before its turn comes, one turn answers all.</remarks>
internal abstract class Actor : IThreadPoolWorkItem
{
    private readonly NodeScheduler _scheduler;
    private readonly INodeFailure _failure;
    private int _isTaken;
    private int _isAsked;

    private protected Actor(NodeScheduler scheduler, INodeFailure failure) => (_scheduler, _failure) = (scheduler, failure);

    /// <summary>From any thread: there is something to do.</summary>
    internal void Ask()
    {
        Interlocked.Exchange(ref _isAsked, 1);
        TakeIfIdle();
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Taken back before the turn looks at its inputs: who asks from here on gets another one.
        Interlocked.Exchange(ref _isAsked, 0);
        try
        {
            RunTurn();
        }
        catch (Exception bug) when (_failure.Report(this, bug))
        {
            // A turn that throws has met a state that can't be. The node stops, and this actor never runs again.
            OnFailed(bug);
            return;
        }

        Interlocked.Exchange(ref _isTaken, 0);
        if (Volatile.Read(ref _isAsked) != 0)
        {
            TakeIfIdle();
        }
    }

    private protected abstract void RunTurn();

    /// <summary>The last that is heard of it: whoever waits for it is told.</summary>
    private protected virtual void OnFailed(Exception bug)
    {
    }

    private void TakeIfIdle()
    {
        if (Interlocked.CompareExchange(ref _isTaken, 1, 0) == 0)
        {
            _scheduler.Post(this);
        }
    }
}
