using Graft.Consensus;
using Graft.Network;

namespace Graft.Client;

/// <summary>Calls one group of a cluster from outside: finds and follows its leader, and tries again where that is safe. From any thread.</summary>
/// <remarks>
/// A write ends in one of three ways: with its result; rejected, and nothing happened; or unknown, and <see cref="ResolveAsync"/> settles it.
/// Each call ends within its timeout. A timeout below zero or above <see cref="TimeoutMax"/> is an <see cref="ArgumentOutOfRangeException"/>, and a call of a
/// disposed client an <see cref="ObjectDisposedException"/>: nothing is sent then.
/// </remarks>
public sealed class GraftClient : IAsyncDisposable
{
    /// <summary>The longest timeout that a call may have: a day.</summary>
    public static readonly TimeSpan TimeoutMax = TimeSpan.FromDays(1);

    // What a write needs besides its command.
    private const int HeadBytesMax = 64;

    private readonly ClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Nodes _nodes;
    private readonly LeaderCalls _leader;
    private readonly ReadCalls _reads;
    private readonly ClientSession _session;

    /// <summary>Sets a client up. Nothing is connected before the first call.</summary>
    /// <param name="options">Whom to call.</param>
    /// <param name="seams">What it's set upon; the machine's if left out.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message says which.</exception>
    public GraftClient(ClientOptions options, ClientSeams? seams = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        seams ??= ClientSeams.OfMachine();
        (_options, _time) = (options, seams.Time);
        _nodes = new Nodes(options, seams);
        _leader = new LeaderCalls(options, _time, _nodes);
        _reads = new ReadCalls(options, _nodes, _leader);
        _session = new ClientSession(options, _time, _nodes, _leader);
        Roster = new Roster((method, body, timeout, cancellation) => SendOnceAsync(method, body, timeout, cancellation), _time);
    }

    /// <summary>Who belongs to the group as its leader sees it, plans and changes of it. Its calls are this client's, with the same timeouts.</summary>
    public Roster Roster { get; }

    /// <summary>The cluster that is called; zero while nobody has answered and the options name none.</summary>
    public ClusterId Cluster => _nodes.Cluster;

    /// <summary>Replicates a command and returns what the state machine answered. It takes effect once, however often it had to be sent.</summary>
    /// <remarks>At most 1,024 writes of a client are under way; more wait for their turn, within their timeout.</remarks>
    /// <param name="command">The command; kept until the call ends. The nodes' <c>NodeOptions.CommandBytesMax</c> is the limit: a larger one is rejected.</param>
    /// <param name="timeout">How long the whole call may take, at most <see cref="TimeoutMax"/>; the default if zero.</param>
    /// <param name="cancellation">Ends the wait, not the command.</param>
    /// <returns>The answer, and where the command stands in the log.</returns>
    /// <exception cref="RejectedException">Nothing happened, and nothing will. <see cref="OverloadedException"/> says when to try again.</exception>
    /// <exception cref="UnknownOutcomeException">It may or may not take effect; <see cref="ResolveAsync"/> tells.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; what becomes of the command isn't known.</exception>
    public async ValueTask<WriteResult> WriteAsync(
        ReadOnlyMemory<byte> command, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        Deadline deadline = Begin(timeout, cancellation);
        if (command.Length > WireLimits.CallBodyBytesMax - HeadBytesMax)
        {
            throw new RejectedException(
                RejectReason.TooLarge, $"The command has {command.Length} bytes; a call takes up to {WireLimits.CallBodyBytesMax - HeadBytesMax}. Split it.");
        }

        while (true)
        {
            WriteOptions numbered = await _session.NumberAsync(deadline, cancellation);
            bool isUnresolved = false;
            try
            {
                return await SendAsync(WriteForm.Command, numbered, command, deadline, cancellation);
            }
            catch (RejectedException expired) when (expired.Reason == RejectReason.SessionExpired && !deadline.IsOver)
            {
                // Nothing was done under this number, or the outcome would be unknown: so it may have another.
                _session.Forget(numbered.Session);
            }
            catch (UnknownOutcomeException)
            {
                isUnresolved = true;
                throw;
            }
            finally
            {
                _session.Release(numbered, isUnresolved);
            }
        }
    }

    /// <summary>Finds out what became of a write whose outcome was unknown, and settles it: if it hasn't taken effect by then, it never will.</summary>
    /// <param name="write">What <see cref="UnknownOutcomeException.Write"/> named. Only what has a number in a session can be asked about from outside.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">Gives up. The write may have been settled all the same; asking again tells.</param>
    /// <returns>Its result, if it took effect.</returns>
    /// <exception cref="RejectedException">It didn't, and never will.</exception>
    /// <exception cref="UnknownOutcomeException">It can't be told: not in time, so ask again; or never, because the session has expired or the write has no number.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<WriteResult> ResolveAsync(WriteId write, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        Deadline deadline = Begin(timeout, cancellation);
        if (write.Session == 0)
        {
            throw new UnknownOutcomeException("The write has no number, so the group can't be asked about it.", write);
        }

        var name = new WriteOptions { Session = write.Session, Sequence = write.Sequence };
        try
        {
            WriteResult result = await SendAsync(WriteForm.Fence, name, default, deadline, cancellation);
            _session.Release(name, isUnresolved: false);
            return result;
        }
        catch (RejectedException fenced) when (fenced.Reason == RejectReason.Fenced)
        {
            _session.Release(name, isUnresolved: false);
            throw;
        }
        catch (RejectedException rejected)
        {
            // The question was rejected. Of the write that says nothing.
            throw new UnknownOutcomeException($"The group couldn't be asked what became of it. {rejected.Message}", write);
        }
    }

    /// <summary>Asks the state machine, on whichever node answers, once it is as fresh as asked for. Nothing is changed, however it ends.</summary>
    /// <param name="query">The question.</param>
    /// <param name="consistency">How fresh; linearizable if left out.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ReadFailedException">No node could be made that fresh in time.</exception>
    /// <exception cref="QueryFailedException">The state machine refuses the question.</exception>
    /// <exception cref="RejectedException">The group doesn't take it, or only nodes of another cluster answer. <see cref="OverloadedException"/> says when to try again.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ValueTask<QueryResult> QueryAsync(
        ReadOnlyMemory<byte> query, ReadConsistency consistency = default, TimeSpan timeout = default, CancellationToken cancellation = default) =>
        _reads.ReadAsync(new ReadCall(consistency, query), Begin(timeout, cancellation), cancellation);

    /// <summary>Waits until the group has a leader that a quorum confirms, and a node has applied what was committed by then.</summary>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ReadFailedException">It hasn't come to that in time.</exception>
    /// <exception cref="RejectedException">Only nodes of another cluster answer, or (<see cref="OverloadedException"/>) the last one has too much to do.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask WaitUntilReadyAsync(TimeSpan timeout = default, CancellationToken cancellation = default) =>
        await _reads.ReadAsync(new ReadCall(ReadConsistency.Linearizable, null), Begin(timeout, cancellation), cancellation);

    /// <summary>Who leads, who belongs to the group and where they are, as a node knows it that has answered: a hint, confirmed by no quorum.</summary>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ReadFailedException">Nobody answered in time.</exception>
    /// <exception cref="RejectedException">Only nodes of another cluster answer.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<GroupInfo> DescribeAsync(TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        Deadline deadline = Begin(timeout, cancellation);
        BackOff pause = _nodes.NewBackOff();
        while (!deadline.IsOver && !_nodes.IsOver)
        {
            if ((await _leader.DiscoverAsync(deadline, cancellation))?.Info is { } info)
            {
                return info;
            }

            _leader.ThrowIfForeign();
            await deadline.PauseAsync(_nodes.Draw(pause), cancellation);
        }

        throw new ReadFailedException(RejectReason.TimedOut, $"Nobody described {_options.Group} in time.");
    }

    /// <summary>Changes members. Sent once: whoever gets an unknown outcome looks with <see cref="DescribeAsync"/> and decides.</summary>
    /// <param name="change">What is to become of whom.</param>
    /// <param name="expected">The configuration's index that the caller looked at; refused if there is another by now.</param>
    /// <param name="timeout">How long the whole call may take, a learner's catching up included; the default if zero.</param>
    /// <param name="cancellation">Ends the wait, not the change.</param>
    /// <returns>The index of the new configuration, which is committed and not joint.</returns>
    /// <exception cref="MembershipRefusedException">It wasn't begun; code and message say why.</exception>
    /// <exception cref="RejectedException">No leader took it in time; it wasn't begun.</exception>
    /// <exception cref="UnknownOutcomeException">It may have been begun.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; what becomes of the change isn't known.</exception>
    public async ValueTask<LogIndex> ChangeMembersAsync(
        MembershipChange change, LogIndex? expected = null, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        return (await Roster.ChangeAsync(new MembersRequest(change, expected), timeout, cancellation)).Index;
    }

    /// <summary>Hands leadership over. Sent once, as a change of members is.</summary>
    /// <param name="target">Who is to lead; the leader chooses if left out.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">Ends the wait, not the transfer.</param>
    /// <exception cref="RejectedException">It wasn't begun, or failed (<see cref="RejectReason.TransferFailed"/>); the message says why. The target may lead later all the same.</exception>
    /// <exception cref="UnknownOutcomeException">It may have been begun.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; what becomes of the transfer isn't known.</exception>
    public async ValueTask TransferLeadershipAsync(NodeId? target = null, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        WriteResult result = await SendOnceAsync(CallMethod.Transfer, new TransferCall(target).Encode(), timeout, cancellation);
        if (!TransferReply.TryRead(result.Answer.Span, out TransferResult transfer))
        {
            throw new UnknownOutcomeException("The leader answered with something else than the end of a transfer that this version knows.", default);
        }

        if (transfer.Outcome != TransferOutcome.Succeeded)
        {
            throw new RejectedException(RejectReason.TransferFailed, $"{transfer}.");
        }
    }

    /// <summary>Closes the session and all connections. Calls that wait end as they do when these are lost. A second time does nothing.</summary>
    /// <remarks>The session isn't closed while an outcome is unknown: it can be asked about, through another client too, until it expires.</remarks>
    public async ValueTask DisposeAsync()
    {
        if (_nodes.IsOver)
        {
            return;
        }

        _nodes.IsOver = true;
        await _session.DisposeAsync();
        await _nodes.DisposeAsync();
    }

    private ValueTask<WriteResult> SendAsync(
        WriteForm form, WriteOptions numbered, ReadOnlyMemory<byte> command, Deadline deadline, CancellationToken cancellation) =>
        _leader.SendAsync(
            CallMethod.Write,
            isDirect => new WriteCall(form, numbered with { IsLocalOnly = isDirect }, command).Encode(),
            new WriteId(default, numbered.Session, numbered.Sequence),
            _options.AttemptTimeout,
            deadline,
            cancellation);

    private ValueTask<WriteResult> SendOnceAsync(ushort method, byte[] body, TimeSpan timeout, CancellationToken cancellation) =>
        _leader.SendAsync(method, _ => body, default, TimeoutMax, Begin(timeout, cancellation), cancellation);

    private Deadline Begin(TimeSpan timeout, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, TimeoutMax);
        ObjectDisposedException.ThrowIf(_nodes.IsOver, this);
        cancellation.ThrowIfCancellationRequested();
        return new Deadline(_time, timeout > TimeSpan.Zero ? timeout : _options.DefaultTimeout);
    }
}
