namespace Graft.Simulation.Disks;

/// <summary>What can go wrong in a call.</summary>
public enum DiskFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The call fails (EIO), and may have done what it was asked, or a part of it. Any call.</summary>
    Fail,

    /// <summary>The call is refused (EACCES) and does nothing. Any call but those of an open file.</summary>
    Deny,

    /// <summary>No space for this call. Creating, lengthening, writing, renaming.</summary>
    NoSpace,

    /// <summary>A read returns fewer bytes than there are.</summary>
    ShortRead,

    /// <summary>A read returns what was on the platter before the last flush.</summary>
    StaleRead,

    /// <summary>Before a read, one bit of what it asks for is flipped, for good.</summary>
    BitRot,

    /// <summary>Before a read, a sector of what it asks for becomes unreadable until it is written.</summary>
    LatentError,

    /// <summary>Before a read, a sector of what it asks for becomes zeros or what it was before the last flush.</summary>
    LostSector,

    /// <summary>A write is acknowledged and shown, and never reaches the platter. Its length does.</summary>
    LostWrite,

    /// <summary>A write is acknowledged and shown, and reaches the platter in another place, maybe in another file.</summary>
    MisdirectedWrite,

    /// <summary>A flush of a file or a directory returns, and nothing is durable that wasn't.</summary>
    LyingFlush,

    /// <summary>A write or a flush hangs: <see cref="SimulatedDisk.WhileStalled"/> happens before it has done anything, and then it is done.</summary>
    Stall,
}
