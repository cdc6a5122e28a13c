namespace Graft.Sqlite;

/// <summary>A statement with columns has run to its end.</summary>
public sealed record SqlRows : SqlResult
{
    private readonly ReadOnlyMemory<SqlValue> _values;

    /// <summary>Rows, as one block of values.</summary>
    /// <param name="item">The position in the request of the text that the statement stands in.</param>
    /// <param name="columns">At least one.</param>
    /// <param name="values">Row after row, each as long as there are columns.</param>
    /// <param name="rowsAffected">How many rows it changed: above zero for <c>RETURNING</c>.</param>
    /// <param name="lastRowId">The rowid of the last row inserted so far in this request; zero before the first.</param>
    /// <exception cref="ArgumentException">There are no columns, or the last row isn't whole.</exception>
    public SqlRows(int item, IReadOnlyList<SqlColumn> columns, ReadOnlyMemory<SqlValue> values, long rowsAffected, long lastRowId)
        : base(item)
    {
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Count == 0 || values.Length % columns.Count != 0)
        {
            throw new ArgumentException($"{values.Length} values don't make whole rows of {columns.Count} columns.", nameof(values));
        }

        (Columns, _values, RowsAffected, LastRowId) = (columns, values, rowsAffected, lastRowId);
    }

    /// <summary>The columns, at least one. Two may have the same name.</summary>
    public IReadOnlyList<SqlColumn> Columns { get; }

    /// <summary>How many rows it inserted, changed or deleted: above zero for <c>RETURNING</c>.</summary>
    public long RowsAffected { get; }

    /// <summary>The rowid of the last row inserted so far in this request; zero before the first.</summary>
    public long LastRowId { get; }

    /// <summary>How many rows there are.</summary>
    public int Count => _values.Length / Columns.Count;

    /// <summary>A row.</summary>
    /// <param name="row">From zero to <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<SqlValue> this[int row] => _values.Span.Slice(row * Columns.Count, Columns.Count);
}
