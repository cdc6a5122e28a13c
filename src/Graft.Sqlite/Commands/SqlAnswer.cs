namespace Graft.Sqlite;

/// <summary>What a request came to.</summary>
/// <param name="Results">One for each statement that was run, in order; up to the first error if the request was all or nothing.</param>
/// <param name="Steps">How many steps of SQLite's virtual machine its statements took.</param>
/// <param name="Refusal">Why the request as a whole had no effect; null if it had.</param>
public sealed record SqlAnswer(IReadOnlyList<SqlResult> Results, long Steps, SqlFailure? Refusal)
{
    /// <summary>The first error, of the request as a whole or of a statement; null if all went well.</summary>
    public SqlFailure? FirstFailure => Refusal ?? Results.OfType<SqlFailure>().FirstOrDefault();
}
