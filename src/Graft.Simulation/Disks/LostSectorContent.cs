namespace Graft.Simulation.Disks;

/// <summary>What is read from a sector that was lost.</summary>
public enum LostSectorContent
{
    Zeros,

    /// <summary>What was on the platter before the file's last flush.</summary>
    Old,
}
