using Graft.Consensus;

namespace Graft.Network;

/// <summary>Our way to one node: one outgoing connection, kept up for as long as the link is wanted.</summary>
/// <remarks>
/// <para>
/// Whatever is sent while no connection is up or being made is dropped and counted; so is what a connection had not handed over when it
/// was lost. The core sends again.
/// </para>
/// <para>What comes back on this connection is answers to pings and nothing else: messages come in on the connection that the peer makes.</para>
/// </remarks>
#pragma warning disable CA1001 // The source of _forgotten has neither a timer nor a wait handle, and Close may come after the loop's end.
public sealed class PeerLink
#pragma warning restore CA1001
{
    private readonly Endpoint _endpoint;
    private readonly EndpointOptions _options;
    private readonly TimeProvider _time;
    private readonly SeededRandom _random;
    private readonly AsyncSignal _signal = new();
    private readonly CancellationTokenSource _forgotten = new();
    private readonly Lock _gate = new();
    private readonly ITimer _timer;

    private Outbox? _outbox;
    private MessageEnds _ends;
    private IConnection? _connection;
    private NodeAddress? _address;
    private DateTimeOffset _since;
    private string _lastError = "";
    private Incarnation _incarnation;
    private TimeSpan? _roundTrip;
    private TimeSpan? _clockOffset;
    private long _drops;
    private long _unsent;
    private long _heard;
    private long _pinged;
    private ulong _ping;
    private bool _isConnected;
    private bool _isSilent;
    private bool _isPauseOver;

    internal PeerLink(Endpoint endpoint, NodeId node, SeededRandom random)
    {
        (_endpoint, Node, _random) = (endpoint, node, random);
        (_options, _time) = (endpoint.Options, endpoint.Time);
        _since = _time.GetUtcNow();
        _timer = _time.CreateTimer(static link => ((PeerLink)link!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Loop = Task.CompletedTask;
    }

    /// <summary>The node that it leads to.</summary>
    public NodeId Node { get; }

    /// <summary>How it stands now. From any thread.</summary>
    public LinkStatus Status
    {
        get
        {
            lock (_gate)
            {
                return new LinkStatus(
                    _isConnected, _since, _address, _incarnation, _lastError, _outbox?.QueuedBytes ?? 0, _roundTrip, Interlocked.Read(ref _drops), _clockOffset);
            }
        }
    }

    internal Task Loop { get; private set; }

    internal NodeAddress? Address
    {
        get
        {
            lock (_gate)
            {
                return _address;
            }
        }
    }

    /// <summary>Encodes a message into what the link sends next, payloads included: they are the caller's again at once. Never waits; from any thread.</summary>
    /// <param name="group">Whose message it is.</param>
    /// <param name="message">From this node, to the link's.</param>
    /// <param name="entries">Those of its range, as many as <see cref="Message.EntryCount"/> of an append; else none.</param>
    /// <returns>
    /// False if it was dropped, and counted: nobody answers there now, the queue is full, or it's larger than
    /// <see cref="WireLimits.BatchBytesMax"/> or has more entries than <see cref="WireLimits.EntriesMax"/>.
    /// </returns>
    /// <exception cref="InvariantViolationException">The message isn't for this link, or has other entries than it says.</exception>
    public bool Send(GroupId group, in Message message, ReadOnlySpan<WireEntry> entries)
    {
        Invariant.Check(message.To == Node, message.To, Node);
        Invariant.Check(message.From == _options.Node, message.From, _options.Node);
        Invariant.Check(message.Kind is > MessageKind.None and <= MessageKind.ReadIndexReply);
        ulong count = message.Kind == MessageKind.AppendEntries ? message.EntryCount : 0;
        Invariant.Check(count == (ulong)entries.Length, count, entries.Length);

        bool isTaken;
        lock (_gate)
        {
            // Until the connection is up, what is taken may still be lost; see EndAttempt.
            isTaken = _outbox is not null && _outbox.TryAddMessage(group, message, entries, _ends);
            _unsent += isTaken && !_isConnected ? 1 : 0;
        }

        if (!isTaken)
        {
            Interlocked.Increment(ref _drops);
        }

        return isTaken;
    }

    internal void Start() => Loop = RunAsync();

    /// <summary>Says where the node is. The newest word counts, from the next attempt on; a pause between attempts ends. From any thread.</summary>
    public void SetAddress(NodeAddress address)
    {
        lock (_gate)
        {
            if (_address == address)
            {
                return;
            }

            _address = address;
        }

        TryAtOnce();
    }

    /// <summary>Ends a pause between two attempts: there is reason to think that the next one succeeds.</summary>
    internal void TryAtOnce()
    {
        lock (_gate)
        {
            _isPauseOver = true;
        }

        _signal.Set();
    }

    /// <summary>Ends the connection, if there is one; the link makes another.</summary>
    internal void Redial()
    {
        lock (_gate)
        {
            _connection?.Abort();
        }
    }

    /// <summary>Ends the link. <see cref="Loop"/> ends soon after.</summary>
    internal void Close()
    {
        _forgotten.Cancel();
        lock (_gate)
        {
            _outbox?.Close();
            _connection?.Abort();
        }

        _signal.Set();
    }

    private async Task RunAsync()
    {
        try
        {
            var pause = new BackOff(_options.BackOffMin, _options.BackOffMax, _random);
            while (!_forgotten.IsCancellationRequested)
            {
                if (BeginAttempt() is not { } address)
                {
                    await _signal.WaitAsync();
                    continue;
                }

                if (await AttemptAsync(address))
                {
                    pause.Reset();
                }

                await PauseAsync(pause.Next());
            }
        }
        catch (Exception exception) when (_endpoint.Report(exception))
        {
            // Never reached: Report tells the host, and the loop ends with the exception.
            throw;
        }
        finally
        {
            await _timer.DisposeAsync();
        }
    }

    private NodeAddress? BeginAttempt()
    {
        lock (_gate)
        {
            _isPauseOver = false;
            if (_address is not null)
            {
                _outbox = new Outbox(_options.QueuedBytesMax, _time);
                _ends = new MessageEnds(_endpoint.Host.Cluster, _options.Node, Node, _options.Incarnation);
                _unsent = 0;
            }

            return _address;
        }
    }

    // Whether the connection came about.
    private async Task<bool> AttemptAsync(NodeAddress address)
    {
        Outbox outbox = _outbox!;
        Dialed dialed;
        try
        {
            var hello = new Hello
            {
                Kind = ConnectionKind.Peer,
                Cluster = _ends.Cluster,
                Node = _options.Node,
                Incarnation = _options.Incarnation,
                Expected = Node,
                Advertised = _endpoint.Advertised,
                Epoch = _endpoint.Host.Epoch,
            };
            dialed = await Dialer.DialAsync(
                _endpoint.Network, address, hello, _options.ConnectTimeout, _options.HelloTimeout, _time, _forgotten.Token);
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            if (exception is HelloRefusedException refused)
            {
                _endpoint.Host.PeerRefused(Node, refused.Refusal);
            }

            bool isNews = _lastError != exception.Message;
            EndAttempt(outbox, exception.Message);
            if (isNews && !_forgotten.IsCancellationRequested)
            {
                _endpoint.Host.Happened(new NetworkEvent(NetworkEventKind.LinkFailed, address.ToString(), Node, exception.Message));
            }

            return false;
        }

        string why = await ConverseAsync(dialed, outbox);
        EndAttempt(outbox, why);
        _endpoint.Host.PeerLost(Node, why);
        return true;
    }

    private async Task<string> ConverseAsync(Dialed dialed, Outbox outbox)
    {
        BeginConversation(dialed);
        try
        {
            _endpoint.Host.PeerConnected(Node, dialed.Welcome.Incarnation, dialed.Welcome.Advertised);
            _timer.Change(_options.PingInterval, _options.PingInterval);
            Ping(outbox);
            Task<string?> reading = ReadPongsAsync(dialed.Reader, outbox);
            string? written = await outbox.RunAsync(dialed.Connection.Output);
            dialed.Connection.Abort();
            string? read = await reading;
            return _forgotten.IsCancellationRequested ? "The link was ended."
                : _isSilent ? $"Nothing was heard for {_options.SilenceMax.TotalSeconds:0.###} s."
                : written ?? read ?? "The other side has closed the connection.";
        }
        finally
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            dialed.Connection.Abort();
            await dialed.Connection.DisposeAsync();
        }
    }

    private void BeginConversation(Dialed dialed)
    {
        lock (_gate)
        {
            (_isConnected, _isSilent, _roundTrip, _clockOffset) = (true, false, null, null);
            (_connection, _incarnation, _since) = (dialed.Connection, dialed.Welcome.Incarnation, _time.GetUtcNow());
            _heard = _time.GetTimestamp();
            if (_forgotten.IsCancellationRequested)
            {
                dialed.Connection.Abort();
            }
        }
    }

    private void EndAttempt(Outbox outbox, string why)
    {
        lock (_gate)
        {
            if (_isConnected)
            {
                _since = _time.GetUtcNow();
            }
            else
            {
                Interlocked.Add(ref _drops, _unsent);
            }

            (_isConnected, _connection, _outbox, _roundTrip, _clockOffset, _lastError) = (false, null, null, null, null, why);
        }

        outbox.Close();
    }

    private async Task<string?> ReadPongsAsync(FrameReader reader, Outbox outbox)
    {
        string? error = null;
        while (error is null && await reader.MoveNextAsync())
        {
            error = reader.Header.Type == FrameType.Pong ? null : $"It sent a frame of type {reader.Header.Type} to the dialing side of a peer connection.";
            Hear(reader.Header.Id, PongBody.TryRead(reader.Body));
        }

        outbox.Close();
        return error ?? reader.Error;
    }

    private void Hear(ulong ping, DateTimeOffset? wall)
    {
        lock (_gate)
        {
            _heard = _time.GetTimestamp();
            if (ping == _ping)
            {
                TimeSpan roundTrip = _time.GetElapsedTime(_pinged);
                _roundTrip = roundTrip;
                _clockOffset = wall - (_time.GetUtcNow() - (roundTrip / 2));
            }
        }
    }

    private void Ping(Outbox outbox)
    {
        ulong ping;
        lock (_gate)
        {
            ping = ++_ping;
            _pinged = _time.GetTimestamp();
        }

        // No room means that much is under way; the answer to an earlier ping is still awaited.
        outbox.TryAdd(FrameType.Ping, ping);
    }

    private void OnTimer()
    {
        Outbox? outbox;
        lock (_gate)
        {
            outbox = _isConnected ? _outbox : null;
            if (outbox is not null && IsSilent_NeedsLock(outbox))
            {
                _isSilent = true;
                _connection?.Abort();
                return;
            }

            _isPauseOver |= outbox is null;
        }

        if (outbox is null)
        {
            _signal.Set();
        }
        else
        {
            Ping(outbox);
        }
    }

    private bool IsSilent_NeedsLock(Outbox outbox) =>
        _time.GetElapsedTime(_heard) >= _options.SilenceMax && !outbox.IsWritingLong(_options.SilenceMax);

    private async Task PauseAsync(TimeSpan pause)
    {
        _timer.Change(pause, Timeout.InfiniteTimeSpan);
        while (!IsPauseOver() && !_forgotten.IsCancellationRequested)
        {
            await _signal.WaitAsync();
        }

        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private bool IsPauseOver()
    {
        lock (_gate)
        {
            return _isPauseOver;
        }
    }
}
