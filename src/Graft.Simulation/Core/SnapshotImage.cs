using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>A stored snapshot: what the core knows of it, and the state.</summary>
public sealed record SnapshotImage(Snapshot Snapshot, StateImage State);
