namespace Graft.Sqlite;

/// <summary>How an entry ended: with an answer, or with the loss of the transaction that it ran in.</summary>
/// <param name="Answer">The answer; null if the transaction is gone.</param>
/// <param name="Lost">What took it away; null if there's an answer.</param>
internal readonly record struct EntryEnd(byte[]? Answer, SkippedStatement? Lost);
