namespace Graft.Simulation.Nodes;

internal enum ProcessState
{
    Running,

    /// <summary>Nothing of it runs, and what comes for it waits.</summary>
    Paused,

    /// <summary>Nothing of it ever runs again.</summary>
    Dead,
}
