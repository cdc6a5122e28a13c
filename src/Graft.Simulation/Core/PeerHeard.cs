using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>What a host knows of a peer on which a resting core relies.</summary>
/// <param name="Life">The life in which it was when the rest began.</param>
/// <param name="At">When it was last heard; null if it was gone already then.</param>
internal readonly record struct PeerHeard(int Life, Instant? At);
