namespace Graft.Consensus;

/// <summary>How a transfer of leadership ended.</summary>
public enum TransferOutcome : byte
{
    /// <summary>It hasn't ended.</summary>
    None,

    /// <summary>The target leads.</summary>
    Succeeded,

    /// <summary>The deadline passed; this node still leads and takes writes again.</summary>
    TimedOut,

    /// <summary>This node was deposed, and another than the target leads.</summary>
    AnotherLeads,

    /// <summary>This node was deposed, and nobody was heard to lead for an election timeout.</summary>
    NobodyLeads,

    /// <summary>This node's storage failed before it heard who leads. The target may lead all the same.</summary>
    Stopped,
}
