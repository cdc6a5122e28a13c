namespace Graft.Sqlite;

/// <summary>A value for a parameter of a statement.</summary>
/// <param name="Name">
/// Without its sigil: <c>id</c> is bound to <c>:id</c>, <c>$id</c> and <c>@id</c>. Null if it's positional; those are taken from left to right over
/// all statements of their text.
/// </param>
/// <param name="Value">What is bound.</param>
public readonly record struct SqlParameter(string? Name, SqlValue Value);
