namespace Graft;

/// <summary>What a write is. The values are in the log and on the wire.</summary>
public enum WriteForm : byte
{
    /// <summary>A command of the application, for its state machine.</summary>
    Command = 1,

    /// <summary>Opens a session; its id is the entry's index.</summary>
    OpenSession = 2,

    /// <summary>Closes a session that isn't needed any more.</summary>
    CloseSession = 3,

    /// <summary>Keeps a session from expiring.</summary>
    KeepAlive = 4,

    /// <summary>Says that a numbered command, if it hasn't been applied by here, never is.</summary>
    Fence = 5,

    /// <summary>Where a node can be reached.</summary>
    Announce = 6,

    /// <summary>Every node is to digest its state as it is behind this entry.</summary>
    CompareStates = 7,

    /// <summary>What a node's digest came to.</summary>
    ReportDigest = 8,
}
