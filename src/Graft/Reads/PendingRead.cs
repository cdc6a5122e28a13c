using System.Threading.Tasks.Sources;
using Graft.Consensus;

namespace Graft;

/// <summary>One read from its call to its answer.</summary>
internal sealed class PendingRead : IValueTaskSource<QueryResult>
{
    /// <summary>Who has given up is let go of this soon, whatever its deadline was: it may have brought a long question, or hold a share of a budget.</summary>
    internal static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);

    private ManualResetValueTaskSourceCore<QueryResult> _source = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private object? _query;
    private int _isEnded;

    internal PendingRead(ReadConsistency consistency, ReadOnlyMemory<byte>? query, Instant deadline, CancellationToken cancellation) =>
        (Consistency, _query, Deadline, Cancellation, Level) = (consistency, query, deadline, cancellation, consistency.Kind);

    internal ReadConsistency Consistency { get; }

    /// <summary>What to ask the state machine; null if only the wait is wanted, and once the read has failed: it may wait in a queue for long, and be large.</summary>
    internal ReadOnlyMemory<byte>? Query => (ReadOnlyMemory<byte>?)Volatile.Read(ref _query);

    /// <summary>Looks at the state machine in its own turn; null if that isn't wanted.</summary>
    internal Action<IStateMachine>? Visit { get; init; }

    internal Instant Deadline { get; }

    internal CancellationToken Cancellation { get; }

    /// <summary>The consistency that was reached.</summary>
    internal ReadConsistencyKind Level { get; set; }

    /// <summary>When the quorum was asked, by this node's clock.</summary>
    internal Instant AskedAt { get; set; }

    /// <summary>The state has to have applied this.</summary>
    internal LogIndex WaitFor { get; set; }

    /// <summary>Who measures it; null if nobody does.</summary>
    internal GroupMeters? Meters { get; set; }

    /// <summary>When it was called, as the clock's timestamp.</summary>
    internal long BegunAt { get; set; }

    internal bool IsEnded => Volatile.Read(ref _isEnded) != 0;

    internal ValueTask<QueryResult> Task => new(this, _source.Version);

    internal void ListenToCancellation()
    {
        if (Cancellation.CanBeCanceled)
        {
            _registration = Cancellation.UnsafeRegister(
                static (read, token) => ((PendingRead)read!).TryFail(new OperationCanceledException("The read was cancelled.", token)), this);
        }
    }

    internal bool TryComplete(LogIndex applied, ReadOnlyMemory<byte> answer)
    {
        if (Interlocked.Exchange(ref _isEnded, 1) != 0)
        {
            return false;
        }

        Meters?.End(this, null);
        _source.SetResult(new QueryResult(applied, Level, answer));
        return true;
    }

    internal bool TryFail(Exception why)
    {
        if (Interlocked.Exchange(ref _isEnded, 1) != 0)
        {
            return false;
        }

        Volatile.Write(ref _query, null);
        Meters?.End(this, why);
        _source.SetException(why);
        return true;
    }

    QueryResult IValueTaskSource<QueryResult>.GetResult(short token)
    {
        _registration.Dispose();
        return _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<QueryResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<QueryResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
