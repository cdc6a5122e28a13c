namespace Graft.Sqlite;

/// <summary>A statement that took the whole transaction away, and isn't run again: its error is known.</summary>
/// <param name="Ordinal">Which of its entry's statements, from zero; −1 if the entry as a whole is refused.</param>
/// <param name="Code">The error's extended code.</param>
/// <param name="Message">The error's message.</param>
/// <param name="Steps">How many steps it took.</param>
/// <param name="Behind">What the connection shows and draws behind it.</param>
internal sealed record SkippedStatement(int Ordinal, int Code, string Message, long Steps, EntryState Behind)
{
    /// <summary>The ordinal of an entry as a whole.</summary>
    internal const int Whole = -1;
}
