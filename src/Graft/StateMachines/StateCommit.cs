using Graft.Consensus;

namespace Graft;

/// <summary>What an <see cref="IDiskStateMachine"/> commits together with all that it has applied since the last commit.</summary>
/// <param name="Applied">The last entry of the log that is in it.</param>
/// <param name="Rows">What to write over the rows that are there, by key, in order of key: the changes alone.</param>
/// <param name="ReplacesRows">Every row that isn't in <paramref name="Rows"/> goes: this commit ends a restore.</param>
public sealed record StateCommit(EntryId Applied, IReadOnlyList<StateRow> Rows, bool ReplacesRows);
