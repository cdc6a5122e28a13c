namespace Graft;

/// <summary>What typed commands act on, one at a time. Kept in memory.</summary>
/// <remarks>
/// The same commands in the same order have to give the same state and the same answers on every node. So neither the machine's
/// clock nor its chance may have a part in it: <see cref="AppliedAt"/> brings both. A command that can't be carried out gives an
/// answer that says so; an exception stops this node's part in the group.
/// </remarks>
/// <typeparam name="TCommand">What is replicated.</typeparam>
/// <typeparam name="TResult">What it answers.</typeparam>
public interface IStateMachine<TCommand, TResult>
{
    /// <summary>Carries out a committed command. Nothing else of this object is called meanwhile.</summary>
    TResult Apply(TCommand command, AppliedAt at);

    /// <summary>Writes the whole state, for <see cref="Load"/>. Commands wait meanwhile, and it goes to memory first.</summary>
    void Save(Stream snapshot);

    /// <summary>Replaces the state by one that was saved, here or on another node.</summary>
    void Load(Stream snapshot);
}
