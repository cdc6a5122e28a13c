using System.Buffers;

namespace Graft.Network;

/// <summary>The accepting side of a call connection: starts each request and sends each answer as it comes.</summary>
internal sealed class CallServer
{
    private readonly Endpoint _endpoint;
    private readonly EndpointOptions _options;
    private readonly IConnection _connection;
    private readonly Hello _hello;
    private readonly Outbox _outbox;
    private readonly CallBudget _budget;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<ulong, ServedCall> _calls = [];
    private bool _isEnded;

    internal CallServer(Endpoint endpoint, IConnection connection, Hello hello)
    {
        (_endpoint, _options, _connection, _hello) = (endpoint, endpoint.Options, connection, hello);
        _outbox = new Outbox(_options.QueuedBytesMax, endpoint.Time);
        _budget = new CallBudget(_options.CallsPerConnectionMax, _options.CallBytesPerConnectionMax);
    }

    /// <returns>Why it ended, or null if the caller closed it in order.</returns>
    internal async Task<string?> RunAsync(FrameReader reader)
    {
        Task<string?> writing = _outbox.RunAsync(_connection.Output);
        string? error = null;
        bool isSilent;
        using (var watch = new ConnectionWatch(_endpoint.Time, _connection, _options.SilenceMax, _outbox))
        {
            reader.OnBytes = watch.Touch;
            while (error is null && await reader.MoveNextAsync())
            {
                error = Take(reader);
            }

            isSilent = watch.HasExpired;
        }

        _outbox.Close();
        _connection.Abort();
        await EndCallsAsync();
        await writing;
        return isSilent ? $"Nothing was heard, or nothing read, for {_options.SilenceMax.TotalSeconds:0.###} s." : error ?? reader.Error;
    }

    private string? Take(FrameReader reader)
    {
        ulong id = reader.Header.Id;
        switch (reader.Header.Type)
        {
            case FrameType.Ping:
                return _outbox.TryAdd(FrameType.Pong, id) ? null : "It asks and doesn't read the answers.";
            case FrameType.Request:
                return Begin(id, reader.Body);
            case FrameType.Cancel:
                Cancel(id);
                return null;
            default:
                return $"It sent a frame of type {reader.Header.Type} on a call connection.";
        }
    }

    private string? Begin(ulong id, in ReadOnlySequence<byte> body)
    {
        Span<byte> head = stackalloc byte[CallCodec.RequestHeadBytes];
        if (body.Length < head.Length)
        {
            return "It sent a request that is cut short.";
        }

        body.Slice(0, head.Length).CopyTo(head);
        if (!CallCodec.TryReadRequest(head, out ushort method, out Consensus.GroupId group, out byte hops, out TimeSpan remaining))
        {
            return "It sent a request that can't be read.";
        }

        int size = (int)body.Length;
        if (!TryEnter(size))
        {
            _endpoint.Host.Happened(new NetworkEvent(
                NetworkEventKind.CallOverloaded, _connection.RemoteName, _hello.Node, "Too many requests are in work; one more was turned away."));
            return Answer(id, new CallReply(CallStatus.Overloaded, default, _options.OverloadedRetryAfter));
        }

        Block block = _endpoint.Pool.Open(size);
        body.CopyTo(block.Memory.Span);
        var request = new CallRequest(_outbox, id, _hello, _connection.PeerNames)
        {
            Method = method,
            Group = group,
            Hops = hops,
            Remaining = remaining,
            Body = block.Memory[CallCodec.RequestHeadBytes..],
        };
        var call = new ServedCall(id, new CancellationTokenSource(remaining, _endpoint.Time));
        bool isNew;
        lock (_gate)
        {
            isNew = _calls.TryAdd(id, call);
        }

        if (!isNew)
        {
            call.Cancellation.Dispose();
            End(block);
            return $"It sent a second request {id} while the first is in work.";
        }

        call.Task = ServeAsync(call, request, block);
        return null;
    }

    private async Task ServeAsync(ServedCall call, CallRequest request, Block block)
    {
        CallReply reply;
        try
        {
            reply = await _endpoint.Host.ServeAsync(request, call.Cancellation.Token);
            if (reply.Body.Length > WireLimits.CallBodyBytesMax)
            {
                throw new InvalidOperationException($"An answer of {reply.Body.Length} bytes is longer than {WireLimits.CallBodyBytesMax}.");
            }
        }
        catch (OperationCanceledException) when (call.Cancellation.IsCancellationRequested)
        {
            reply = new CallReply(CallStatus.DeadlineExceeded, default);
        }
#pragma warning disable CA1031 // Whatever a handler throws is about its one request: the caller is told, and so is the operator.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reply = new CallReply(CallStatus.Failed, default);
            _endpoint.Host.Happened(new NetworkEvent(
                NetworkEventKind.CallFailed, _connection.RemoteName, _hello.Node, $"Method {request.Method}: {exception.GetType().Name}: {exception.Message}"));
        }

        bool isWanted;
        lock (_gate)
        {
            _calls.Remove(call.Id);
            isWanted = !call.IsUnwanted && !_isEnded;
        }

        call.Cancellation.Dispose();
        if (isWanted)
        {
            Answer(call.Id, reply);
        }

        End(block);
    }

    // A caller that doesn't take its answers is cut off: they are what fills the queue.
    private string? Answer(ulong id, CallReply reply)
    {
        Span<byte> head = stackalloc byte[CallCodec.ResponseHeadBytes];
        CallCodec.WriteResponse(head, reply.Status, reply.RetryAfter);
        if (_outbox.TryAdd(FrameType.Response, id, head, reply.Body.Span, out _))
        {
            return null;
        }

        _connection.Abort();
        return "It asks and doesn't read the answers.";
    }

    private void Cancel(ulong id)
    {
        ServedCall? call;
        lock (_gate)
        {
            if (_calls.TryGetValue(id, out call))
            {
                call.IsUnwanted = true;
            }
        }

        CancelQuietly(call);
    }

    private async Task EndCallsAsync()
    {
        ServedCall[] calls;
        lock (_gate)
        {
            _isEnded = true;
            calls = [.. _calls.Values];
        }

        foreach (ServedCall call in calls)
        {
            CancelQuietly(call);
        }

        foreach (ServedCall call in calls)
        {
            await call.Task;
        }
    }

    // A call that ends at this moment has disposed its source.
    private static void CancelQuietly(ServedCall? call)
    {
        try
        {
            call?.Cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
        }
    }

    private bool TryEnter(int bytes)
    {
        if (!_budget.TryEnter(bytes))
        {
            return false;
        }

        if (_endpoint.Calls.TryEnter(bytes))
        {
            return true;
        }

        _budget.Leave(bytes);
        return false;
    }

    private void End(Block block)
    {
        _budget.Leave(block.Length);
        _endpoint.Calls.Leave(block.Length);
        block.Release();
    }
}
