using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>A replicated state machine, as the program that embeds a node sees it. Any thread, any node.</summary>
/// <remarks>
/// A call that can be refused at once throws before it returns a task; otherwise its task brings the exception. Await each <see cref="ValueTask{T}"/>
/// once: what lies behind it is used again. A call that is given no time has <see cref="NodeOptions.DefaultTimeout"/>.
/// </remarks>
public sealed class GraftGroup
{
    private readonly GroupActor _actor;
    private readonly LeaderDesk _desk;

    internal GraftGroup(GroupActor actor, LeaderDesk desk, TimeProvider time)
    {
        (_actor, _desk) = (actor, desk);
        Roster = new Roster((method, body, timeout, cancellation) => desk.AskAsync(actor, method, body, timeout, hops: 0, cancellation), time);
    }

    /// <summary>Its id, the same on every node.</summary>
    public GroupId Id => _actor.Id;

    /// <summary>Who leads, as far as this node knows; null if it knows of nobody. Elsewhere another may lead by now.</summary>
    public NodeId? Leader => _actor.View.Leader;

    /// <summary>Whether this node leads, as far as it knows. What only a leader may do hangs on <see cref="Leadership"/> instead: this may be over when it is read.</summary>
    public bool IsLeader => _actor.View.Role == Role.Leader;

    /// <summary>The last entry that this node's state machine has applied; zero before the first.</summary>
    public LogIndex Applied => _actor.View.Applied;

    /// <summary>The members, as of the last change in this node's log, committed or not; nobody while the node has heard of no configuration.</summary>
    public Membership Members => _actor.View.Membership;

    /// <summary>Who belongs to the group as its leader sees it, plans and changes of it; from any node.</summary>
    public Roster Roster { get; }

    /// <summary>Why this node applies nothing further; null if it does.</summary>
    public ApplyHaltedException? Halted => _actor.View.Halted;

    /// <summary>
    /// Whose state is different from whose, as of the last comparison; null if all were the same since, or nothing was compared
    /// (<see cref="IDigest"/>).
    /// </summary>
    public string? Divergence => _actor.View.Divergence;

    /// <summary>Cancelled as soon as this node ceases to lead; already cancelled if it doesn't.</summary>
    /// <remarks>Pass it to what only the leader may do. It's told late by at most what a lease reckons with, and never by a network's delay.</remarks>
    public CancellationToken Leadership => _actor.LeadershipToken;

    /// <summary>Cancelled as soon as this node is out of touch with a quorum; already cancelled while it is.</summary>
    /// <remarks>
    /// In touch is who leads, or follows a leader. A leader that a quorum hasn't answered for an election timeout steps down; a follower that
    /// hasn't heard its leader for one and a half gives it up. So a node cut off alone is told within 1.5 election timeouts, and one cut off
    /// together with its leader within three. Once it's in touch again there is a new token.
    /// </remarks>
    public CancellationToken InTouch => _actor.TouchToken;

    /// <summary>Replicates a command and returns what the state machine answered, from whatever node leads.</summary>
    /// <param name="command">The command, at most <see cref="NodeOptions.CommandBytesMax"/> bytes; kept until the call ends.</param>
    /// <param name="options">Deadline and session.</param>
    /// <param name="cancellation">Ends the wait, not the command.</param>
    /// <returns>The answer, and where the command stands in the log. It's committed and applied by then, on a leader.</returns>
    /// <exception cref="RejectedException">Nothing happened, and nothing will. <see cref="OverloadedException"/> says when to try again.</exception>
    /// <exception cref="UnknownOutcomeException">It may or may not take effect; <see cref="ResolveAsync"/> tells.</exception>
    /// <exception cref="SessionExpiredException">
    /// The session isn't known; nothing was done now. If another node leads, this comes as a <see cref="RejectedException"/> with
    /// <see cref="RejectReason.SessionExpired"/>. Neither says whether the same number was carried out earlier.
    /// </exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; what becomes of the command isn't known.</exception>
    public ValueTask<WriteResult> WriteAsync(ReadOnlyMemory<byte> command, WriteOptions options = default, CancellationToken cancellation = default) =>
        _actor.WriteAsync(WriteForm.Command, command, options, cancellation);

    /// <summary>Asks this node's state machine, once it is as fresh as asked for.</summary>
    /// <remarks>Nothing is changed, however it ends: asking again is safe.</remarks>
    /// <param name="query">The question; kept until the state machine has answered.</param>
    /// <param name="consistency">How fresh; linearizable if left out.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">The asker gives up.</param>
    /// <exception cref="ReadFailedException">
    /// It couldn't be made that fresh in time, the state machine has stopped (<see cref="Halted"/>), or this node is a witness and has none.
    /// </exception>
    /// <exception cref="QueryFailedException">The state machine threw.</exception>
    /// <exception cref="RejectedException">The node has stopped. An <see cref="OverloadedException"/> says that as many reads wait as may, and when to ask again.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ValueTask<QueryResult> QueryAsync(
        ReadOnlyMemory<byte> query, ReadConsistency consistency = default, TimeSpan timeout = default, CancellationToken cancellation = default) =>
        _actor.ReadAsync(consistency, query, timeout, cancellation);

    /// <summary>Looks at this node's state machine in its own turn, once it is as fresh as asked for.</summary>
    /// <param name="visit">Called while no command is applied. It may read whatever it likes and change nothing; it has to be quick.</param>
    /// <param name="consistency">How fresh; linearizable if left out.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">The asker gives up.</param>
    /// <exception cref="ReadFailedException">It couldn't be made that fresh in time, the state machine has stopped, or this node is a witness.</exception>
    /// <exception cref="QueryFailedException"><paramref name="visit"/> threw; the state machine goes on.</exception>
    /// <exception cref="RejectedException">The node has stopped, or (<see cref="OverloadedException"/>) as many reads wait as may.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or <paramref name="visit"/> threw this.</exception>
    public ValueTask<QueryResult> VisitAsync(
        Action<IStateMachine> visit, ReadConsistency consistency = default, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(visit);
        return _actor.ReadAsync(consistency, query: null, timeout, cancellation, visit);
    }

    /// <summary>Waits until this node's state is as fresh as asked for; what the application reads from it then is that fresh.</summary>
    /// <param name="consistency">How fresh; linearizable if left out.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">The asker gives up.</param>
    /// <returns>How far the state has come; the answer is empty.</returns>
    /// <exception cref="ReadFailedException">It couldn't be made that fresh in time, the state machine has stopped, or this node is a witness.</exception>
    /// <exception cref="RejectedException">The node has stopped, or (<see cref="OverloadedException"/>) as many reads wait as may.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ValueTask<QueryResult> WaitAsync(ReadConsistency consistency = default, TimeSpan timeout = default, CancellationToken cancellation = default) =>
        _actor.ReadAsync(consistency, query: null, timeout, cancellation);

    /// <summary>Finds out what became of a write whose outcome was unknown, and settles it if nobody can tell.</summary>
    /// <param name="write">What <see cref="UnknownOutcomeException.Write"/> named.</param>
    /// <remarks>
    /// A write with a number is fenced by the log: unless it was applied before, it never is. One without is looked up by its place, and decided once a
    /// leader of a later term has committed an entry of its own (thesis §3.6.3). Asking again is safe.
    /// </remarks>
    /// <param name="timeout">How long it may take; the default if zero.</param>
    /// <returns>Its result, if it took effect. The answer is empty if the write had no number: the log has the command alone.</returns>
    /// <exception cref="RejectedException">It didn't, and never will.</exception>
    /// <exception cref="UnknownOutcomeException">
    /// It can't be told: not in time, or never, because the log that held it is compacted or the session remembers nothing of it.
    /// </exception>
    /// <exception cref="SessionExpiredException">The session has expired, and it can never be told. If another node leads, this comes as an <see cref="UnknownOutcomeException"/>.</exception>
    public ValueTask<WriteResult> ResolveAsync(WriteId write, TimeSpan timeout = default) => _actor.ResolveAsync(write, timeout);

    /// <summary>Opens a session: writes numbered in it take effect once, however often they're sent.</summary>
    /// <param name="lifetime">
    /// How long it may be idle before it's forgotten, above zero. Each write in it begins the time anew. Of more than 16,384 sessions of a group the
    /// one that would expire first is forgotten earlier.
    /// </param>
    /// <returns>The session, for <see cref="WriteOptions.Session"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime isn't above zero.</exception>
    /// <exception cref="RejectedException">None was opened.</exception>
    /// <exception cref="UnknownOutcomeException">One may have been opened. Nobody knows its name, and it expires: open another.</exception>
    public async ValueTask<ulong> OpenSessionAsync(TimeSpan lifetime)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        WriteResult opened = await _actor.WriteAsync(WriteForm.OpenSession, BitConverter.GetBytes(lifetime.Ticks), default, CancellationToken.None);
        return opened.Index.Value;
    }

    /// <summary>Changes members, wherever the leader is, within the default timeout. <see cref="Roster"/> has the rest: plans, addresses, progress.</summary>
    /// <param name="change">What is to become of whom.</param>
    /// <param name="expected">The configuration's index that the caller looked at; refused if there is another by now.</param>
    /// <returns>The index of the new configuration, which is committed and not joint.</returns>
    /// <exception cref="MembershipRefusedException">It wasn't begun; code and message say why.</exception>
    /// <exception cref="RejectedException">No leader took it in time; it wasn't begun.</exception>
    /// <exception cref="UnknownOutcomeException">It may have been begun, and may yet be done: look with <see cref="Graft.Network.Roster.ListAsync"/>.</exception>
    public async Task<LogIndex> ChangeMembersAsync(MembershipChange change, LogIndex? expected = null) =>
        (await Roster.ChangeAsync(new MembersRequest(change, expected), default, CancellationToken.None)).Index;

    /// <summary>Says, through the log, where a node can be reached: what every later leader will try. It may be said again.</summary>
    /// <param name="node">The node.</param>
    /// <param name="address">Where it is: printable ASCII, at most <see cref="NodeAddress.BytesMax"/> bytes.</param>
    /// <exception cref="RejectedException">It wasn't noted: no leader took it in time, the address is another text, or the group notes 1,024 addresses already.</exception>
    /// <exception cref="UnknownOutcomeException">It may be noted or not.</exception>
    public async ValueTask AnnounceAsync(NodeId node, NodeAddress address) =>
        await _actor.WriteAsync(WriteForm.Announce, AddressBook.Encode(node, address.ToString()), default, CancellationToken.None);

    /// <summary>Has leadership handed to another node (thesis §3.10), wherever the leader is.</summary>
    /// <remarks>Writes wait for as long as a transfer is under way. If nothing comes of it, the leader goes on leading.</remarks>
    /// <param name="target">A voter that stores payloads; null for the one that is best placed.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">Ends the wait, not the transfer.</param>
    /// <returns>How it ended: the target leads only with <see cref="TransferOutcome.Succeeded"/>.</returns>
    /// <exception cref="RejectedException">
    /// It wasn't begun; the message says why. With <see cref="RejectReason.Stopping"/> this node has stopped, and a transfer that it had begun may
    /// succeed all the same.
    /// </exception>
    /// <exception cref="UnknownOutcomeException">The leader was asked and didn't say what came of it; <see cref="Leader"/> tells who leads.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task<TransferResult> TransferLeadershipAsync(NodeId? target = null, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        WriteResult result = await _desk.TransferAsync(_actor, new TransferCall(target), timeout, hops: 0, cancellation);
        return TransferReply.TryRead(result.Answer.Span, out TransferResult transfer) ? transfer
            : throw new UnknownOutcomeException("The leader answered with something else than the end of a transfer that this version knows.", default);
    }

    /// <summary>Takes a snapshot of what is applied, and compacts the log behind it, but for <see cref="NodeOptions.TrailingEntries"/>.</summary>
    /// <remarks>
    /// What is applied when it's called is in it. If one is under way that lacks some of it, another follows; while a state is being opened or
    /// restored, it's begun behind that. However it fails, the log stays as it is.
    /// </remarks>
    /// <returns>The last entry in it; zero if nothing is applied yet.</returns>
    /// <exception cref="ApplyHaltedException">The state machine has stopped.</exception>
    /// <exception cref="NotSupportedException">The state machine takes no snapshots.</exception>
    /// <exception cref="Storage.SnapshotException">There is no space for it. What else the disk or <see cref="IStateImage.WriteAsync"/> throws comes here too.</exception>
    /// <exception cref="RejectedException">The node has stopped, or its log has failed.</exception>
    public Task<EntryId> TakeSnapshotAsync() => _actor.TakeSnapshotAsync();

    /// <summary>The group in detail: members, lags, links, disk; and why nobody leads if nobody does. It asks no other node, and never fails.</summary>
    public Task<GroupStatus> StatusAsync() => _actor.LookAsync();
}
