namespace Graft;

/// <summary>What typed commands act on, one at a time. Kept in memory.</summary>
/// <remarks>
/// The same commands in the same order have to give the same state and the same answers on every node. So neither the machine's
/// clock nor its chance may have a part in it: <see cref="AppliedAt"/> brings both. A command that can't be carried out gives an
/// answer that says so; an exception stops this node's part in the group (<see cref="ApplyHaltedException"/>).
/// Nothing here is called while another call of it runs.
/// </remarks>
/// <typeparam name="TCommand">What is replicated.</typeparam>
/// <typeparam name="TResult">What it answers.</typeparam>
public interface IStateMachine<TCommand, TResult>
{
    /// <summary>Carries out a committed command. Nothing else of this object is called meanwhile.</summary>
    /// <param name="command">The command, never null. Bytes that are no such command never come here: their sender is answered that.</param>
    /// <param name="at">Its place, and the only clock and chance that it may use.</param>
    /// <returns>What its caller is answered, also one that asks again later.</returns>
    TResult Apply(TCommand command, AppliedAt at);

    /// <summary>Writes the whole state, for <see cref="Load"/>. Commands wait meanwhile, and it goes to memory first: it has to fit there, 2 GiB at most.</summary>
    /// <param name="snapshot">Where to.</param>
    /// <exception cref="NotSupportedException">It takes no snapshots: the log stays whole, and each start applies all of it.</exception>
    void Save(Stream snapshot);

    /// <summary>Replaces the state by one that was saved, here or on another node.</summary>
    /// <param name="snapshot">What <see cref="Save"/> wrote, verified as it is read; nothing follows it.</param>
    void Load(Stream snapshot);
}
