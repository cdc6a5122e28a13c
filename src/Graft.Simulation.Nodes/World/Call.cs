namespace Graft.Simulation.Nodes;

/// <summary>A call under way.</summary>
internal sealed record Call(long Number, string What, SimulatedProcess Process, int Floor, long Begun, long Deadline, long PausedBefore);
