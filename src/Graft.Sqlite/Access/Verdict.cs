namespace Graft.Sqlite;

/// <summary>An authorizer's answers, with SQLite's numbers.</summary>
internal enum Verdict
{
    /// <summary>Go on.</summary>
    Allow = 0,

    /// <summary>The statement isn't prepared.</summary>
    Deny = 1,

    /// <summary>The column reads as NULL, or the table is left out.</summary>
    Ignore = 2,
}
