namespace Graft.Simulation.Disks;

/// <summary>The simulated process ended in the middle of a call: see <see cref="SimulatedDisk.DieAtCall"/>.</summary>
/// <remarks>Not a <see cref="Graft.Storage.DiskException"/>: a process that is dead handles no errors.</remarks>
public sealed class ProcessDiedException : Exception
{
    /// <summary>Made by the disk.</summary>
    public ProcessDiedException()
        : base("The simulated process has died; crash or kill its disk before using it again.")
    {
    }
}
