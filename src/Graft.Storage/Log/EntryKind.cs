namespace Graft.Storage;

/// <summary>What an entry of a group's log is. The values are on disk and on the wire.</summary>
public enum EntryKind : byte
{
    /// <summary>A command for the state machine.</summary>
    Command = 1,

    /// <summary>The empty entry that begins a leader's term.</summary>
    NoOp = 2,

    /// <summary>A configuration of the cluster.</summary>
    Membership = 3,
}
