namespace Graft.Cli;

/// <summary>Why a node no longer runs.</summary>
internal enum NodeEndKind
{
    /// <summary>It was told to stop, and stays a member.</summary>
    Stopped,

    /// <summary>It belongs to its cluster no more.</summary>
    Removed,

    /// <summary>It can't go on.</summary>
    Failed,
}
