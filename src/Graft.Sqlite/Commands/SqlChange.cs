namespace Graft.Sqlite;

/// <summary>A statement without columns has run.</summary>
/// <param name="Item">The position in the request of the text that it stands in.</param>
/// <param name="RowsAffected">How many rows it inserted, changed or deleted itself; what its triggers did isn't counted.</param>
/// <param name="LastRowId">The rowid of the last row inserted so far in this request; zero before the first.</param>
public sealed record SqlChange(int Item, long RowsAffected, long LastRowId) : SqlResult(Item);
