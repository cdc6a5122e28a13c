using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>A client's read that hasn't ended.</summary>
/// <param name="Floor">The commit index that anybody knew of when it began: a fresh read sees as much.</param>
/// <param name="Deadline">When the core has to have ended it, by the node's clock.</param>
/// <param name="Level">What was asked for.</param>
internal readonly record struct OpenRead(LogIndex Floor, Instant Deadline, ReadLevel Level);
