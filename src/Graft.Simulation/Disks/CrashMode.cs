namespace Graft.Simulation.Disks;

/// <summary>What a power loss keeps of that which wasn't flushed.</summary>
public enum CrashMode
{
    /// <summary>One of the other three, drawn: the extremes find bugs that the middle hides.</summary>
    Drawn,

    /// <summary>Nothing.</summary>
    LoseAll,

    /// <summary>Everything: as if all had been flushed.</summary>
    KeepAll,

    /// <summary>Each item by itself, writes also in part.</summary>
    Random,
}
