using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>A replicated state machine, as the program that embeds a node sees it. Any thread, any node.</summary>
public sealed class GraftGroup
{
    private readonly GroupActor _actor;
    private readonly LeaderDesk _desk;

    internal GraftGroup(GroupActor actor, LeaderDesk desk, TimeProvider time)
    {
        (_actor, _desk) = (actor, desk);
        Roster = new Roster((method, body, timeout, cancellation) => desk.AskAsync(actor, method, body, timeout, hops: 0, cancellation), time);
    }

    public GroupId Id => _actor.Id;

    /// <summary>Who leads, as far as this node knows.</summary>
    public NodeId? Leader => _actor.View.Leader;

    public bool IsLeader => _actor.View.Role == Role.Leader;

    /// <summary>The last entry that this node's state machine has applied.</summary>
    public LogIndex Applied => _actor.View.Applied;

    /// <summary>The members, as of the last change in this node's log.</summary>
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
    /// <param name="command">The command; kept until the call ends.</param>
    /// <param name="options">Deadline and session.</param>
    /// <param name="cancellation">Ends the wait, not the command.</param>
    /// <exception cref="RejectedException">Nothing happened, and nothing will. <see cref="OverloadedException"/> says when to try again.</exception>
    /// <exception cref="UnknownOutcomeException">It may or may not take effect; <see cref="ResolveAsync"/> tells.</exception>
    /// <exception cref="SessionExpiredException">The session isn't known; nothing was done now.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; what becomes of the command isn't known.</exception>
    public ValueTask<WriteResult> WriteAsync(ReadOnlyMemory<byte> command, WriteOptions options = default, CancellationToken cancellation = default) =>
        _actor.WriteAsync(WriteForm.Command, command, options, cancellation);

    /// <summary>Asks this node's state machine, once it is as fresh as asked for.</summary>
    /// <param name="query">The question.</param>
    /// <param name="consistency">How fresh; linearizable if left out.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">The asker gives up.</param>
    /// <exception cref="ReadFailedException">It couldn't be made that fresh in time.</exception>
    /// <exception cref="QueryFailedException">The state machine threw.</exception>
    public ValueTask<QueryResult> QueryAsync(
        ReadOnlyMemory<byte> query, ReadConsistency consistency = default, TimeSpan timeout = default, CancellationToken cancellation = default) =>
        _actor.ReadAsync(consistency, query, timeout, cancellation);

    /// <summary>Looks at this node's state machine in its own turn, once it is as fresh as asked for.</summary>
    /// <param name="visit">Called while no command is applied. It may read whatever it likes and change nothing; it has to be quick.</param>
    /// <param name="consistency">How fresh; linearizable if left out.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">The asker gives up.</param>
    /// <exception cref="ReadFailedException">It couldn't be made that fresh in time.</exception>
    /// <exception cref="QueryFailedException"><paramref name="visit"/> threw.</exception>
    public ValueTask<QueryResult> VisitAsync(
        Action<IStateMachine> visit, ReadConsistency consistency = default, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(visit);
        return _actor.ReadAsync(consistency, query: null, timeout, cancellation, visit);
    }

    /// <summary>Waits until this node's state is as fresh as asked for; what the application reads from it then is that fresh.</summary>
    /// <exception cref="ReadFailedException">It couldn't be made that fresh in time.</exception>
    public ValueTask<QueryResult> WaitAsync(ReadConsistency consistency = default, TimeSpan timeout = default, CancellationToken cancellation = default) =>
        _actor.ReadAsync(consistency, query: null, timeout, cancellation);

    /// <summary>Finds out what became of a write whose outcome was unknown, and settles it if nobody can tell.</summary>
    /// <param name="write">What <see cref="UnknownOutcomeException.Write"/> named.</param>
    /// <param name="timeout">How long it may take; the default if zero.</param>
    /// <returns>Its result, if it took effect.</returns>
    /// <exception cref="RejectedException">It didn't, and never will.</exception>
    /// <exception cref="UnknownOutcomeException">It can't be told: the log that held it is compacted, or the session has expired.</exception>
    public ValueTask<WriteResult> ResolveAsync(WriteId write, TimeSpan timeout = default) => _actor.ResolveAsync(write, timeout);

    /// <summary>Opens a session: writes numbered in it take effect once, however often they're sent.</summary>
    /// <param name="lifetime">How long it may be idle before it's forgotten.</param>
    public async ValueTask<ulong> OpenSessionAsync(TimeSpan lifetime)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        WriteResult opened = await _actor.WriteAsync(WriteForm.OpenSession, BitConverter.GetBytes(lifetime.Ticks), default, CancellationToken.None);
        return opened.Index.Value;
    }

    /// <summary>Changes members, wherever the leader is. <see cref="Roster"/> has the rest: plans, addresses, progress.</summary>
    /// <param name="change">What is to become of whom.</param>
    /// <param name="expected">The configuration's index that the caller looked at; refused if there is another by now.</param>
    /// <returns>The index of the new configuration.</returns>
    /// <exception cref="MembershipRefusedException">It wasn't begun; code and message say why.</exception>
    /// <exception cref="RejectedException">No leader took it in time.</exception>
    /// <exception cref="UnknownOutcomeException">It may have been begun.</exception>
    public async Task<LogIndex> ChangeMembersAsync(MembershipChange change, LogIndex? expected = null) =>
        (await Roster.ChangeAsync(new MembersRequest(change, expected), default, CancellationToken.None)).Index;

    /// <summary>Says, through the log, where a node can be reached: what every later leader will try.</summary>
    public async ValueTask AnnounceAsync(NodeId node, NodeAddress address) =>
        await _actor.WriteAsync(WriteForm.Announce, AddressBook.Encode(node, address.ToString()), default, CancellationToken.None);

    /// <summary>Has leadership handed to a node, or to the one that is best placed, wherever the leader is.</summary>
    /// <param name="target">Who is to lead; the leader chooses if left out.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero. Commands wait for as long as a transfer is under way.</param>
    /// <param name="cancellation">Ends the wait, not the transfer.</param>
    /// <returns>To whom, and how it ended.</returns>
    /// <exception cref="RejectedException">It wasn't begun; the message says why.</exception>
    /// <exception cref="UnknownOutcomeException">The leader was asked and didn't say what came of it; <see cref="Leader"/> tells who leads.</exception>
    public async Task<TransferResult> TransferLeadershipAsync(NodeId? target = null, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        WriteResult result = await _desk.TransferAsync(_actor, new TransferCall(target), timeout, hops: 0, cancellation);
        return TransferReply.TryRead(result.Answer.Span, out TransferResult transfer) ? transfer
            : throw new UnknownOutcomeException("The leader answered with something else than the end of a transfer that this version knows.", default);
    }

    /// <summary>Takes a snapshot of what is applied, and compacts the log behind it.</summary>
    /// <returns>The last entry in it.</returns>
    public Task<EntryId> TakeSnapshotAsync() => _actor.TakeSnapshotAsync();

    /// <summary>The group in detail: members, lags, links, disk; and why nobody leads if nobody does. It asks no other node.</summary>
    public Task<GroupStatus> StatusAsync() => _actor.LookAsync();
}
