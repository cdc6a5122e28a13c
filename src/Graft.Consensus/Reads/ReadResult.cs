namespace Graft.Consensus;

/// <summary>The end of one read.</summary>
/// <param name="Id">The host's name for it.</param>
/// <param name="Outcome">Whether it may be served.</param>
/// <param name="Index">If confirmed: serve it from a state that has applied at least this much.</param>
/// <param name="Level">If confirmed: the level that was really used.</param>
public readonly record struct ReadResult(ReadId Id, ReadOutcome Outcome, LogIndex Index, ReadLevel Level);
