using System.Buffers;

namespace Graft.Network;

/// <summary>The accepting side of a call connection: starts each request and sends each answer as it comes.</summary>
internal sealed class CallServer
{
    // What an answer holds of the budgets that no request stands for. No request has as little: its head has bytes.
    private const int Nothing = 0;

    private readonly Endpoint _endpoint;
    private readonly EndpointOptions _options;
    private readonly IConnection _connection;
    private readonly Hello _hello;
    private readonly Outbox _outbox;
    private readonly ByteBudget _budget;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<ulong, ServedCall> _calls = [];
    private readonly Queue<(ulong Id, CallReply Reply, int Held)> _answers = [];
    private bool _isEnded;

    internal CallServer(Endpoint endpoint, IConnection connection, Hello hello)
    {
        (_endpoint, _options, _connection, _hello) = (endpoint, endpoint.Options, connection, hello);
        _outbox = new Outbox(_options.QueuedBytesMax, endpoint.Time) { OnRoom = SendWaiting };
        _budget = new ByteBudget(_options.CallsPerConnectionMax, _options.CallBytesPerConnectionMax);
    }

    private CallReply Overloaded => new(CallStatus.Overloaded, default, _options.OverloadedRetryAfter);

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
                // No room means that much is under way, and that is heard as well.
                _outbox.TryAdd(FrameType.Pong, id);
                return null;
            case FrameType.Request when reader.IsPassedOver:
                return TurnAway(id, "Too many long requests were coming at a time; one more was turned away.");
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
            return TurnAway(id, "Too many requests are in work; one more was turned away.");
        }

        Block block = _endpoint.CallPool.Open(size);
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
            block.Release();
            Leave(size);
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
        int held = block.Length;
        block.Release();
        if (!isWanted || TryAnswer(call.Id, reply, held))
        {
            Leave(held);
        }
    }

    private string? TurnAway(ulong id, string why)
    {
        Tell(why);
        lock (_gate)
        {
            if (!TrySend(id, Overloaded))
            {
                // Beside all that is in work. They are a few bytes each, and whoever wants more of them doesn't read.
                if (_answers.Count >= _options.CallsMax)
                {
                    return "It asks and doesn't read the answers.";
                }

                _answers.Enqueue((id, Overloaded, Nothing));
            }
        }

        return null;
    }

    // Whether what the request has held in the budgets is free: the answer has been added, or holds something of its own.
    private bool TryAnswer(ulong id, CallReply reply, int held)
    {
        lock (_gate)
        {
            if (_isEnded || (_answers.Count == 0 && TrySend(id, reply)))
            {
                return true;
            }

            // A caller that reads as fast as its line goes has to get what it asked for, so the answer waits. One that doesn't read at all is
            // cut off by the watch, and until then what waits for it is bounded as its requests are.
            if (!reply.Body.IsEmpty && CanEverBeSent(reply) && TryEnter(reply.Body.Length))
            {
                _answers.Enqueue((id, reply, reply.Body.Length));
                return true;
            }

            // What stands in its place may go at once, and nothing that is being written may be there to call for it.
            _answers.Enqueue((id, reply.Body.IsEmpty ? reply : InPlaceOf(reply), held));
            SendWaiting();
        }

        if (!reply.Body.IsEmpty)
        {
            Tell($"There was no room for an answer of {reply.Body.Length} bytes, and the caller was told so.");
        }

        return false;
    }

    // "Overloaded" says that nothing was done. Of a write that would be false, and its caller can ask what became of it.
    private CallReply InPlaceOf(CallReply reply) =>
        reply.ChangedNothing && CanEverBeSent(reply) ? Overloaded : new CallReply(CallStatus.Failed, default);

    // One that is longer than all that may wait would stand before all others for ever.
    private bool CanEverBeSent(CallReply reply) => FrameHeader.Size + CallCodec.ResponseHeadBytes + reply.Body.Length <= _options.QueuedBytesMax;

    private void SendWaiting()
    {
        lock (_gate)
        {
            while (_answers.TryPeek(out (ulong Id, CallReply Reply, int Held) answer) && TrySend(answer.Id, answer.Reply))
            {
                _answers.Dequeue();
                Leave(answer.Held);
            }
        }
    }

    private bool TrySend(ulong id, CallReply reply)
    {
        Span<byte> head = stackalloc byte[CallCodec.ResponseHeadBytes];
        CallCodec.WriteResponse(head, reply.Status, reply.RetryAfter);
        return _outbox.TryAdd(FrameType.Response, id, head, reply.Body.Span, out _);
    }

    private void Tell(string why) =>
        _endpoint.Host.Happened(new NetworkEvent(NetworkEventKind.CallOverloaded, _connection.RemoteName, _hello.Node, why));

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
            foreach ((ulong _, CallReply _, int held) in _answers)
            {
                Leave(held);
            }

            _answers.Clear();
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

    private void Leave(int bytes)
    {
        if (bytes != Nothing)
        {
            _budget.Leave(bytes);
            _endpoint.Calls.Leave(bytes);
        }
    }
}
