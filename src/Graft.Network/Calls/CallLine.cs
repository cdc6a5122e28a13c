using Graft.Consensus;

namespace Graft.Network;

/// <summary>A way to one place: one connection for all calls, opened when it is first needed and again when it was lost.</summary>
/// <remarks>One attempt at a time; whoever calls meanwhile waits for it, as long as its own call may take. From any thread.</remarks>
public sealed class CallLine : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Func<Task<CallConnection>> _open;
    private readonly string _name;
    private readonly TimeProvider _time;
    private Task<CallConnection>? _opened;
    private bool _isOver;

    /// <summary>Sets a way up. Nothing is opened before the first call.</summary>
    /// <param name="open">Opens a connection; called again when that one is lost. Called under a lock, so it may not call this line.</param>
    /// <param name="name">What is there, for people.</param>
    /// <param name="time">The clock.</param>
    public CallLine(Func<Task<CallConnection>> open, string name, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(open);
        ArgumentNullException.ThrowIfNull(time);
        (_open, _name, _time) = (open, name, time);
    }

    /// <summary>Whether a call would find a connection that is up.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _opened is not null && IsUp(_opened);
            }
        }
    }

    /// <inheritdoc cref="CallConnection.CallAsync(ushort, GroupId, ReadOnlyMemory{byte}, TimeSpan, byte, Action{ReadOnlyMemory{byte}}, CancellationToken)"/>
    /// <param name="method">What is asked; the host's numbers.</param>
    /// <param name="group">Of which group.</param>
    /// <param name="body">At most <see cref="WireLimits.CallBodyBytesMax"/> bytes.</param>
    /// <param name="timeout">For the whole call, connecting included.</param>
    /// <param name="hops">How often the request has been passed on, this time included.</param>
    /// <param name="cancellation">Ends the waiting. It doesn't undo what the call did.</param>
    public async ValueTask<CallReply> CallAsync(
        ushort method, GroupId group, ReadOnlyMemory<byte> body, TimeSpan timeout, byte hops, CancellationToken cancellation)
    {
        long began = _time.GetTimestamp();
        CallConnection connection;
        try
        {
            connection = await GetAsync().WaitAsync(timeout, _time, cancellation);
        }
        catch (Exception exception) when (exception is IOException or TimeoutException or InvalidOperationException)
        {
            throw new CallNotSentException($"{_name} can't be called. {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CallNotSentException($"{_name} can't be called. The line was closed.");
        }

        TimeSpan left = timeout - _time.GetElapsedTime(began);
        return left > TimeSpan.Zero
            ? await connection.CallAsync(method, group, body, left, hops, onItem: null, cancellation)
            : throw new CallNotSentException($"{_name} answered the hello too late for the call.");
    }

    /// <summary>Ends the connection. Calls that wait end as they do when it's lost; later ones aren't sent.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<CallConnection>? opened;
        lock (_gate)
        {
            (_isOver, opened) = (true, _opened);
        }

        if (opened is null)
        {
            return;
        }

        try
        {
            CallConnection connection = await opened;
            await connection.DisposeAsync();
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            // It never opened; whoever asked for it has been told.
        }
    }

    private Task<CallConnection> GetAsync()
    {
        lock (_gate)
        {
            if (_isOver)
            {
                throw new CallNotSentException($"{_name} isn't called any more.");
            }

            if (_opened is null || (_opened.IsCompleted && !IsUp(_opened)))
            {
                _opened = _open();
            }

            return _opened;
        }
    }

#pragma warning disable VSTHRD002 // It has completed.
    private static bool IsUp(Task<CallConnection> opened) => opened.IsCompletedSuccessfully && opened.Result.WhyClosed is null;
#pragma warning restore VSTHRD002
}
