namespace Graft.Simulation.Nodes;

internal enum NodeState
{
    Down,
    Starting,
    Running,
    Stopping,
}
