namespace Graft.Simulation.Nodes;

/// <summary>Something that is ready to run.</summary>
internal readonly record struct Turn(SimulatedProcess Process, SendOrPostCallback Callback, object? State);
