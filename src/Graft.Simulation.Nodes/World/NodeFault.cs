namespace Graft.Simulation.Nodes;

/// <summary>What goes wrong in a world of nodes, or is done to it.</summary>
internal enum NodeFault
{
    /// <summary>A node loses its power, and what wasn't flushed.</summary>
    PowerLoss,

    /// <summary>A node is killed; what it wrote is in the cache.</summary>
    Kill,

    /// <summary>A node dies inside of a call to its disk.</summary>
    DieInCall,

    /// <summary>All nodes lose their power at once.</summary>
    Blackout,

    /// <summary>A node is stopped in order and started again.</summary>
    Restart,

    /// <summary>Nothing of a node runs for a while.</summary>
    Pause,

    /// <summary>One way between two hosts is cut for a while.</summary>
    CutOneWay,

    /// <summary>Two hosts are cut from each other for a while.</summary>
    Cut,

    /// <summary>A host is cut from all others for a while.</summary>
    Isolate,

    /// <summary>The connections between two hosts are reset.</summary>
    Reset,

    /// <summary>What is sent one way comes in a burst.</summary>
    Clog,

    /// <summary>A wall clock jumps.</summary>
    WallJump,

    /// <summary>Leadership is handed over.</summary>
    Transfer,

    /// <summary>A new machine joins.</summary>
    Join,

    /// <summary>A member is removed.</summary>
    Remove,

    /// <summary>A learner becomes a voter.</summary>
    Promote,

    /// <summary>A voter becomes a learner.</summary>
    Demote,

    /// <summary>A member is removed, and a new machine joins in its place.</summary>
    Replace,
}
