namespace Graft.Sqlite;

/// <summary>What one statement came to: <see cref="SqlChange"/>, <see cref="SqlRows"/> or <see cref="SqlFailure"/>.</summary>
/// <param name="Item">The position in the request of the text that the statement stands in.</param>
public abstract record SqlResult(int Item);
