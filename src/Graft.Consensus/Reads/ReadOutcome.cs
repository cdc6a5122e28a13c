namespace Graft.Consensus;

/// <summary>How a read ended. Every read ends.</summary>
public enum ReadOutcome : byte
{
    /// <summary>The state, once applied up to the index, may be read.</summary>
    Confirmed,

    /// <summary>The node that was to confirm it lost its leadership. Ask again.</summary>
    NotLeader,

    /// <summary>The deadline passed while no leader was known.</summary>
    NoLeader,

    /// <summary>The deadline passed while a known leader didn't answer or couldn't reach a quorum.</summary>
    TimedOut,

    /// <summary>Too many reads wait already; retry later.</summary>
    Overloaded,

    /// <summary>The core stopped after a storage failure.</summary>
    Stopped,
}
