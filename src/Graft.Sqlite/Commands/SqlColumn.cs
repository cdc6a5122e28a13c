namespace Graft.Sqlite;

/// <summary>A column of a result.</summary>
/// <param name="Name">As SQLite names it: the alias, or the text of the expression.</param>
/// <param name="DeclaredType">As the table declares it; empty for an expression.</param>
/// <param name="Table">The table that it comes from; empty for an expression.</param>
public sealed record SqlColumn(string Name, string DeclaredType, string Table);
