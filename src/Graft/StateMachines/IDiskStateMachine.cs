using Graft.Consensus;

namespace Graft;

/// <summary>A state machine that keeps its state on a disk of its own: a start goes on where the disk is, and doesn't begin anew.</summary>
/// <remarks>
/// <para>
/// What the node keeps itself (who has sent what, where nodes are, the last entry applied) changes with the same entries, and has to
/// survive with exactly them: one that is newer than the state refuses what was never applied, one that is older applies it twice.
/// So it lies in the machine's own transaction, as rows whose meaning is the node's.
/// </para>
/// <para>
/// <see cref="IStateMachine.ApplyAsync"/> changes an open transaction, as often as it's called; <see cref="CommitAsync"/> ends it. Nobody is
/// answered in between, and no query sees it. Commands' bytes stay what they are until the commit, so a machine that had to
/// roll back may apply them once more. <see cref="IStateMachine.RestoreAsync"/> prepares a new state, and the commit behind it puts that in the old
/// one's place: after a crash either of them is there, whole, or none, and then <see cref="OpenAsync"/> returns no row.
/// </para>
/// <para>
/// A commit need not be durable. After a loss of power the state is that of an earlier commit, and the log has the rest: it isn't cut
/// above <see cref="Durable"/>.
/// </para>
/// <para>An exception of any call here means that this node can't go on (<see cref="ApplyHaltedException"/>). What wasn't committed is applied again after a restart.</para>
/// <para>Disposed with the node, if it is <see cref="IAsyncDisposable"/> or <see cref="IDisposable"/>. What isn't committed by then never is.</para>
/// </remarks>
public interface IDiskStateMachine : IStateMachine
{
    /// <summary>
    /// Up to here, itself included, a loss of power takes nothing away; zero if it might take all. Asked after an open, a commit and a checkpoint; it never goes back, but for a restore.
    /// </summary>
    LogIndex Durable { get; }

    /// <summary>Opens what is there. Called once, before anything else.</summary>
    /// <param name="context">Whose state it is.</param>
    /// <returns>All rows of the last commit that has survived; none if there is no state, or none that is whole.</returns>
    ValueTask<IReadOnlyList<StateRow>> OpenAsync(MachineContext context);

    /// <summary>Ends what was applied since the last commit, or restored, and makes it what queries see.</summary>
    /// <param name="commit">What belongs in the same transaction. Valid until the call ends.</param>
    ValueTask CommitAsync(StateCommit commit);

    /// <summary>Makes durable what is committed, if it can now; <see cref="Durable"/> says how far it came. Asked before the log is to be cut.</summary>
    ValueTask CheckpointAsync();

    /// <summary>
    /// Whether queries may run while commands are applied. Then <see cref="IStateMachine.QueryAsync"/> is still begun between two runs of
    /// entries, and has to fix there what it will see: before it first waits for anything. Several may be under way, also when the machine is disposed.
    /// </summary>
    bool QueriesRunBeside => false;

    /// <summary>Whether a command needs a transaction of its own. What it answers depends on the command alone.</summary>
    /// <param name="command">The command.</param>
    bool StandsAlone(ReadOnlyMemory<byte> command) => false;
}
