using Graft.Consensus;

namespace Graft;

/// <summary>One timer for all the deadlines of a node.</summary>
/// <remarks>
/// An actor that moves its deadline back, as each heartbeat makes a follower do, isn't moved in the queue: it is woken at
/// the old time, finds nothing due and is queued anew. So a deadline costs nothing to postpone, and a thousand groups with
/// traffic need no more timer calls than one.
/// </remarks>
internal sealed class DeadlineQueue : IDisposable
{
    // What is due this soon is due now: groups that beat together wake together, and their messages share a frame.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan WaitMax = TimeSpan.FromDays(1);

    private readonly NodeClock _clock;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly PriorityQueue<IDeadline, (Instant At, long Order)> _queue = new();
    private long _order;
    private Instant _timerAt = Instant.Never;
    private bool _isDisposed;

    internal DeadlineQueue(NodeClock clock)
    {
        _clock = clock;
        _timer = clock.Time.CreateTimer(static queue => ((DeadlineQueue)queue!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal Instant Now => _clock.Now;

    /// <summary>Wakes <paramref name="waiter"/> at this time or, for an earlier call, before it.</summary>
    internal void Set(IDeadline waiter, Instant at)
    {
        lock (_gate)
        {
            if (at >= waiter.QueuedFor || _isDisposed)
            {
                return;
            }

            waiter.QueuedFor = at;
            _queue.Enqueue(waiter, (at, _order++));
            Arm(at);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _queue.Clear();
        }

        _timer.Dispose();
    }

    private void OnTimer()
    {
        Instant until = _clock.Now + Slack;

        // Outside of the lock: whoever is slow in this keeps nobody else from setting a deadline.
        while (TakeDue(until) is { } waiter)
        {
            waiter.OnDeadline();
        }
    }

    // Null, and the timer is set, once nobody else is due.
    private IDeadline? TakeDue(Instant until)
    {
        lock (_gate)
        {
            _timerAt = Instant.Never;
            while (_queue.TryPeek(out IDeadline? waiter, out (Instant At, long Order) queued) && queued.At <= until)
            {
                _queue.Dequeue();

                // An entry that an earlier deadline has overtaken wakes nobody.
                if (waiter.QueuedFor == queued.At)
                {
                    waiter.QueuedFor = Instant.Never;
                    return waiter;
                }
            }

            if (!_isDisposed && _queue.TryPeek(out _, out (Instant At, long Order) next))
            {
                Arm(next.At);
            }

            return null;
        }
    }

    private void Arm(Instant at)
    {
        if (at >= _timerAt)
        {
            return;
        }

        _timerAt = at;
        TimeSpan wait = at - _clock.Now;

        // No timer takes more than 49 days. One that goes off early finds nothing due and is set again.
        wait = wait < TimeSpan.Zero ? TimeSpan.Zero : wait > WaitMax ? WaitMax : wait;
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }
}
