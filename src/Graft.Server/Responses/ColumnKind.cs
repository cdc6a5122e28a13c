namespace Graft.Server;

/// <summary>What a column's declared type makes of its values in the dialect.</summary>
internal enum ColumnKind
{
    /// <summary>Nothing.</summary>
    Plain,

    /// <summary>BOOLEAN: integers are true or false.</summary>
    Boolean,

    /// <summary>DATE, DATETIME, TIMESTAMP: see <see cref="RenderedTime"/>.</summary>
    Time,
}
