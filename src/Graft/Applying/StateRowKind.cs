namespace Graft;

/// <summary>What a row of the node's own state holds. The values are on disk.</summary>
internal enum StateRowKind : byte
{
    /// <summary>The place in the log, the clocks, and whose state it is.</summary>
    Head = 1,

    Address = 2,

    Session = 3,

    Answer = 4,
}
