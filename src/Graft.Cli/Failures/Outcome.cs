namespace Graft.Cli;

/// <summary>What a command that failed has left behind.</summary>
internal enum Outcome
{
    /// <summary>There was nothing to apply.</summary>
    None,
    NotApplied,

    /// <summary>Some statements took effect, and others didn't.</summary>
    Partial,

    /// <summary>It may still be applied, or have been.</summary>
    Unknown,
}
