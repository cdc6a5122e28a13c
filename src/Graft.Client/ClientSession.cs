using Graft.Network;

namespace Graft.Client;

/// <summary>The client's session with its group: numbers for its writes, kept alive while nothing is written.</summary>
internal sealed class ClientSession(ClientOptions options, TimeProvider time, Nodes nodes, LeaderCalls leader) : IAsyncDisposable
{
    private static readonly TimeSpan ClosePatience = TimeSpan.FromMilliseconds(500);

    private readonly WriteSession _session = new();
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly BackOff _openPause = nodes.NewBackOff();
    private Task _keeping = Task.CompletedTask;
    private bool _isKept;
    private long _lastUsed;

    /// <summary>Gives a write its number, in a session that is opened if there is none. Waits while as many are under way as may be.</summary>
    /// <exception cref="RejectedException">It came to nothing in time. Nothing happened.</exception>
    internal async ValueTask<WriteOptions> NumberAsync(Deadline deadline, CancellationToken cancellation)
    {
        BackOff pause = nodes.NewBackOff();
        RejectedException? last = null;
        while (!deadline.IsOver && !nodes.IsOver)
        {
            if (_session.TryNumber(default, out WriteOptions numbered))
            {
                Volatile.Write(ref _lastUsed, time.GetTimestamp());
                return numbered;
            }

            if (_session.Id != 0)
            {
                if (await WaitForRoomAsync(deadline, cancellation) is { } waited)
                {
                    return waited;
                }

                continue;
            }

            try
            {
                // Null after the pause that one in doubt costs, or at the deadline.
                await _session.OpenAsync(OpenAsync, deadline.Left, time, cancellation);
                continue;
            }
            catch (RejectedException rejected) when (WriteAttempt.IsPassing(rejected.Reason))
            {
                last = rejected;
            }

            TimeSpan retryAfter = last is OverloadedException overloaded ? overloaded.RetryAfter : TimeSpan.Zero;
            if (retryAfter >= deadline.Left)
            {
                break;
            }

            TimeSpan drawn = nodes.Draw(pause);
            await deadline.PauseAsync(retryAfter > drawn ? retryAfter : drawn, cancellation);
        }

        throw last ?? (_session.Id == 0
            ? new RejectedException(RejectReason.NoLeader, $"No session with {options.Group} was opened in time. {leader.Why}")
            : new RejectedException(RejectReason.TimedOut, $"{WriteSession.SpanMax} writes of this client were under way all the time."));
    }

    /// <summary>A write has ended.</summary>
    internal void Release(in WriteOptions write, bool isUnresolved)
    {
        if (isUnresolved)
        {
            _session.LeaveUnresolved(write.Session, write.Sequence);
        }
        else
        {
            _session.Answered(write.Session, write.Sequence);
        }

        WakeOne();
    }

    /// <summary>The group doesn't know it any more.</summary>
    internal void Forget(ulong session)
    {
        _session.Forget(session);
        WakeOne();
    }

    public async ValueTask DisposeAsync()
    {
        Stop();
        await _keeping;
        _stopping.Dispose();

        // What is still to be asked about needs the session, and so does what is on its way: an earlier attempt of it may be in doubt. It expires by itself.
        if (_session.Id is not 0 and ulong id && _session.IsIdle && nodes.Leader is { } line)
        {
            var call = new WriteCall(WriteForm.CloseSession, new WriteOptions { Session = id }, default);
            await WriteAttempt.OfAsync(line.Name, line.CallAsync(CallMethod.Write, options.Group, call.Encode(), ClosePatience, CancellationToken.None));
        }
    }

    private void Stop() => _stopping.Cancel();

    private async ValueTask<WriteOptions?> WaitForRoomAsync(Deadline deadline, CancellationToken cancellation)
    {
        var woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue(woken);
        }

        // Once more, now that whoever makes room sees us.
        if (!_session.TryNumber(default, out WriteOptions numbered) && _session.Id != 0)
        {
            using var late = new CancellationTokenSource(deadline.Patience(GraftClient.TimeoutMax), time);
            using CancellationTokenRegistration over = late.Token.UnsafeRegister(static waiter => ((TaskCompletionSource)waiter!).TrySetResult(), woken);
            using CancellationTokenRegistration cancelled = cancellation.UnsafeRegister(
                static waiter => ((TaskCompletionSource)waiter!).TrySetResult(), woken);
            await woken.Task;
            _session.TryNumber(default, out numbered);
        }

        // One that is answered may make room for many: whoever was woken wakes the next, until one finds none.
        woken.TrySetResult();
        if (numbered.Session != 0 || cancellation.IsCancellationRequested || deadline.IsOver)
        {
            WakeOne();
        }

        if (numbered.Session != 0 && cancellation.IsCancellationRequested)
        {
            Release(numbered, isUnresolved: false);
        }

        cancellation.ThrowIfCancellationRequested();
        return numbered.Session == 0 ? null : numbered;
    }

    private void WakeOne()
    {
        lock (_gate)
        {
            while (_waiting.TryDequeue(out TaskCompletionSource? waiter) && !waiter.TrySetResult())
            {
                // It has given up.
            }
        }
    }

    private async Task<ulong?> OpenAsync()
    {
        byte[] lifetime = BitConverter.GetBytes(options.SessionLifetime.Ticks);
        try
        {
            WriteResult opened = await leader.SendAsync(
                CallMethod.Write,
                isDirect => new WriteCall(WriteForm.OpenSession, new WriteOptions { IsLocalOnly = isDirect }, lifetime).Encode(),
                default,
                options.AttemptTimeout,
                new Deadline(time, options.AttemptTimeout),
                CancellationToken.None);
            StartKeeping();
            _openPause.Reset();
            return opened.Index.Value;
        }
        catch (UnknownOutcomeException)
        {
            // One that was opened and isn't known to us expires, and until then stands in the place of somebody else's: all writes of this
            // client wait before the next is asked for.
            await Task.Delay(nodes.Draw(_openPause), time, CancellationToken.None);
            return null;
        }
    }

    private void StartKeeping()
    {
        lock (_gate)
        {
            if (!_isKept)
            {
                _isKept = true;
                _keeping = KeepAsync();
            }
        }
    }

    private async Task KeepAsync()
    {
        // Looked at four times in a lifetime: two pass at most before it is said, and that may be tried again.
        TimeSpan interval = options.SessionLifetime / 4;
        interval = interval < GraftClient.TimeoutMax ? interval : GraftClient.TimeoutMax;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(interval, time, _stopping.Token);
                if (_session.Id is not 0 and ulong id && time.GetElapsedTime(Volatile.Read(ref _lastUsed)) >= interval)
                {
                    await KeepAliveAsync(id, new Deadline(time, interval), _stopping.Token);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async ValueTask KeepAliveAsync(ulong id, Deadline deadline, CancellationToken cancellation)
    {
        try
        {
            await leader.SendAsync(
                CallMethod.Write,
                isDirect => new WriteCall(WriteForm.KeepAlive, new WriteOptions { Session = id, IsLocalOnly = isDirect }, default).Encode(),
                new WriteId(default, id, 0),
                options.AttemptTimeout,
                deadline,
                cancellation);
        }
        catch (RejectedException expired) when (expired.Reason == RejectReason.SessionExpired)
        {
            Forget(id);
        }
        catch (GraftException)
        {
            // Not now; the next write says whether the session has lived through it.
        }
    }
}
