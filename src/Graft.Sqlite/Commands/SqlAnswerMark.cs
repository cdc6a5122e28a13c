namespace Graft.Sqlite;

/// <summary>Where an answer stood between two results.</summary>
internal readonly record struct SqlAnswerMark(int Length, int Results);
