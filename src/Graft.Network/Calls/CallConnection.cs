using System.Buffers;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>One connection to one address, for any number of calls at a time. Once lost it stays lost: open another.</summary>
/// <remarks>
/// Answers are matched by id and never by order (museum L04): a request that wasn't sent shifts nothing, and an answer that nobody waits for
/// any more is dropped. From any thread.
/// </remarks>
public sealed class CallConnection : IAsyncDisposable
{
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly CallConnectionOptions _options;
    private readonly TimeProvider _time;
    private readonly NodeAddress _address;
    private readonly Dialed _dialed;
    private readonly Outbox _outbox;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<ulong, PendingCall> _pending = [];
    private readonly Task _loop;
    private ulong _lastId;
    private ulong _lastPing;
    private long _heard;
    private bool _isSilent;
    private string? _whyClosed;

    private CallConnection(CallConnectionOptions options, NodeAddress address, Dialed dialed, TimeProvider time)
    {
        (_options, _address, _dialed, _time) = (options, address, dialed, time);
        _outbox = new Outbox(options.QueuedBytesMax, time);
        _heard = time.GetTimestamp();
        _timer = time.CreateTimer(static connection => ((CallConnection)connection!).OnTimer(), this, options.PingInterval, options.PingInterval);
        _loop = RunAsync();
    }

    /// <summary>Who answered.</summary>
    public Welcome Server => _dialed.Welcome;

    /// <summary>Where it was connected to.</summary>
    public NodeAddress Address => _address;

    /// <summary>Why no call can be made any more: a sentence, or null while the connection is up.</summary>
    public string? WhyClosed
    {
        get
        {
            lock (_gate)
            {
                return _whyClosed;
            }
        }
    }

    /// <summary>Connects and says hello.</summary>
    /// <exception cref="HelloRefusedException">The other side is there and refuses, or isn't who was expected.</exception>
    /// <exception cref="IOException">It can't be reached, or doesn't answer in time.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing stays open.</exception>
    public static async ValueTask<CallConnection> OpenAsync(
        CallConnectionOptions options, INetwork network, NodeAddress address, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(time);
        var hello = new Hello
        {
            Kind = ConnectionKind.Call,
            Cluster = options.Cluster,
            Node = options.Node,
            Incarnation = options.Incarnation,
            Expected = options.Expected,
            Advertised = options.Advertised,
            Epoch = options.Epoch,
        };
        Dialed dialed = await Dialer.DialAsync(network, address, hello, options.ConnectTimeout, options.HelloTimeout, time, cancellation);
        return new CallConnection(options, address, dialed, time);
    }

    /// <summary>Makes a call.</summary>
    /// <param name="method">What is asked; the host's numbers.</param>
    /// <param name="group">Of which group.</param>
    /// <param name="body">At most <see cref="WireLimits.CallBodyBytesMax"/> bytes; the caller's again when this returns its task.</param>
    /// <param name="timeout">For the whole call; above zero, at most 49 days. The server is told what is left of it.</param>
    /// <param name="cancellation">Ends the waiting and tells the server. It doesn't undo what the call did.</param>
    /// <exception cref="ArgumentException">The body is too long or the timeout out of range. Nothing happened.</exception>
    /// <exception cref="CallNotSentException">The request never left. Nothing happened.</exception>
    /// <exception cref="CallUnansweredException">The time is over, or the connection was lost: the outcome is unknown.</exception>
    /// <exception cref="OperationCanceledException">Cancelled: the outcome is unknown.</exception>
    public ValueTask<CallReply> CallAsync(
        ushort method, GroupId group, ReadOnlyMemory<byte> body, TimeSpan timeout, CancellationToken cancellation) =>
        CallAsync(method, group, body, timeout, hops: 0, onItem: null, cancellation);

    /// <inheritdoc cref="CallAsync(ushort, GroupId, ReadOnlyMemory{byte}, TimeSpan, CancellationToken)"/>
    /// <param name="method">What is asked; the host's numbers.</param>
    /// <param name="group">Of which group.</param>
    /// <param name="body">At most <see cref="WireLimits.CallBodyBytesMax"/> bytes; the caller's again when this returns its task.</param>
    /// <param name="timeout">For the whole call. The server is told what is left of it.</param>
    /// <param name="hops">How often the request has been passed on, this time included.</param>
    /// <param name="onItem">Takes what the server pushes ahead of its answer. On the connection's loop, so it has to be quick and may not throw; the bytes are valid during the call.</param>
    /// <param name="cancellation">Ends the waiting and tells the server. It doesn't undo what the call did.</param>
    public async ValueTask<CallReply> CallAsync(
        ushort method,
        GroupId group,
        ReadOnlyMemory<byte> body,
        TimeSpan timeout,
        byte hops,
        Action<ReadOnlyMemory<byte>>? onItem,
        CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, TimeoutMax);
        if (body.Length > WireLimits.CallBodyBytesMax)
        {
            throw new ArgumentException($"{body.Length} bytes are more than the {WireLimits.CallBodyBytesMax} that a request may have.", nameof(body));
        }

        cancellation.ThrowIfCancellationRequested();
        (ulong id, PendingCall call) = Enqueue(method, group, body.Span, timeout, hops, onItem);
        using var deadline = new CancellationTokenSource(timeout, _time);
        using CancellationTokenRegistration late = deadline.Token.UnsafeRegister(
            _ => GiveUp(id, new CallUnansweredException($"{_address} didn't answer within {timeout.TotalSeconds:0.###} s.")), null);
        using CancellationTokenRegistration cancelled = cancellation.UnsafeRegister(
            _ => GiveUp(id, new OperationCanceledException(cancellation)), null);
        return await call.Source.Task;
    }

    /// <summary>Ends the connection. Calls that wait end as they do when it's lost.</summary>
    public async ValueTask DisposeAsync()
    {
        _outbox.Close();
        _dialed.Connection.Abort();
        await _loop;
        await _timer.DisposeAsync();
    }

    private (ulong Id, PendingCall Call) Enqueue(
        ushort method, GroupId group, ReadOnlySpan<byte> body, TimeSpan timeout, byte hops, Action<ReadOnlyMemory<byte>>? onItem)
    {
        Span<byte> head = stackalloc byte[CallCodec.RequestHeadBytes];
        CallCodec.WriteRequest(head, method, group, hops, timeout);
        lock (_gate)
        {
            if (_whyClosed is not null)
            {
                throw new CallNotSentException($"The connection to {_address} is closed. {_whyClosed}");
            }

            ulong id = ++_lastId;
            if (!_outbox.TryAdd(FrameType.Request, id, head, body, out ulong position))
            {
                throw new CallNotSentException($"The connection to {_address} takes no more: too many bytes wait, or it is ending.");
            }

            // Under the lock from the sending on: the answer may be here before the next line.
            var call = new PendingCall(position, onItem);
            _pending.Add(id, call);
            return (id, call);
        }
    }

    private void GiveUp(ulong id, Exception why)
    {
        if (TryTake(id, out PendingCall? call))
        {
            // No room for it: the server works in vain, and its answer is dropped.
            _outbox.TryAdd(FrameType.Cancel, id);
            call.Source.TrySetException(why);
        }
    }

    private bool TryTake(ulong id, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PendingCall? call)
    {
        lock (_gate)
        {
            return _pending.Remove(id, out call);
        }
    }

    private async Task RunAsync()
    {
        Task<string?> reading = ReadAllAsync(_dialed.Reader);
        string? written = await _outbox.RunAsync(_dialed.Connection.Output);
        _dialed.Connection.Abort();
        string? read = await reading;
        await _dialed.Connection.DisposeAsync();
        EndAll(_isSilent ? $"Nothing was heard for {_options.SilenceMax.TotalSeconds:0.###} s." : written ?? read ?? "It was closed.");
    }

    private void EndAll(string why)
    {
        PendingCall[] calls;
        ulong taken = _outbox.TakenPosition;
        lock (_gate)
        {
            _whyClosed = why;
            calls = [.. _pending.Values];
            _pending.Clear();
        }

        foreach (PendingCall call in calls)
        {
            call.Source.TrySetException(call.Position > taken
                ? new CallNotSentException($"The connection to {_address} was lost before the request was sent. {why}")
                : new CallUnansweredException($"The connection to {_address} was lost before the answer came. {why}"));
        }
    }

    private async Task<string?> ReadAllAsync(FrameReader reader)
    {
        string? error = null;
        reader.OnBytes = () => Volatile.Write(ref _heard, _time.GetTimestamp());
        while (error is null && await reader.MoveNextAsync())
        {
            error = Take(reader);
        }

        _outbox.Close();
        return error ?? reader.Error;
    }

    private string? Take(FrameReader reader)
    {
        ulong id = reader.Header.Id;
        switch (reader.Header.Type)
        {
            case FrameType.Pong:
                return null;
            case FrameType.Response:
                return TakeResponse(id, reader.Body);
            case FrameType.Item:
                PendingCall? call;
                lock (_gate)
                {
                    _pending.TryGetValue(id, out call);
                }

                call?.OnItem?.Invoke(reader.Body.ToArray());
                return null;
            default:
                return $"It sent a frame of type {reader.Header.Type} to a caller.";
        }
    }

    private string? TakeResponse(ulong id, in ReadOnlySequence<byte> body)
    {
        Span<byte> head = stackalloc byte[CallCodec.ResponseHeadBytes];
        if (body.Length < head.Length)
        {
            return "It sent a response that is cut short.";
        }

        body.Slice(0, head.Length).CopyTo(head);
        if (!CallCodec.TryReadResponse(head, out ushort status, out TimeSpan retryAfter))
        {
            return "It sent a response that can't be read.";
        }

        if (TryTake(id, out PendingCall? call))
        {
            call.Source.TrySetResult(new CallReply(status, body.Slice(head.Length).ToArray(), retryAfter));
        }

        return null;
    }

    private void OnTimer()
    {
        if (WhyClosed is not null)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        else if (_time.GetElapsedTime(Volatile.Read(ref _heard)) >= _options.SilenceMax && !_outbox.IsWritingLong(_options.SilenceMax))
        {
            _isSilent = true;
            _dialed.Connection.Abort();
        }
        else
        {
            _outbox.TryAdd(FrameType.Ping, ++_lastPing);
        }
    }
}
