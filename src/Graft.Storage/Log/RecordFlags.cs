namespace Graft.Storage;

[Flags]
internal enum RecordFlags : byte
{
    None = 0,

    /// <summary>An entry without its payload.</summary>
    HeadersOnly = 1,

    /// <summary>An entry that the log had already, in a segment that is to go.</summary>
    Moved = 2,

    /// <summary>A start that drops the entries above it too.</summary>
    Reset = 4,

    /// <summary>The end of the last batch before the log was closed in order.</summary>
    Clean = 8,

    /// <summary>Of the first record of a segment: groups were lost whole, and the host hasn't said that it knows.</summary>
    LacksGroups = 16,
}
