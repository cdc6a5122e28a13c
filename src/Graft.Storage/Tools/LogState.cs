namespace Graft.Storage;

/// <summary>What a look through a whole log found.</summary>
public enum LogState
{
    /// <summary>Everything that was written can be read.</summary>
    Sound,

    /// <summary>The last batch was cut short by a crash. It was never acknowledged, and the next start drops it.</summary>
    Torn,

    /// <summary>Something that may have been acknowledged is missing or isn't what was written.</summary>
    Damaged,
}
