using Graft.Consensus;

namespace Graft;

/// <summary>Where and when a command is applied: the same on every node, at every replay.</summary>
/// <param name="Index">Its place in the log.</param>
/// <param name="Time">The leader's wall clock when it took the command, and never earlier than that of the command before.</param>
/// <param name="Seed">Drawn by the leader for this command: seed your generator with it and every node draws the same.</param>
/// <remarks>The only clock and the only chance that a state machine may use. Its own would differ from node to node.</remarks>
public readonly record struct AppliedAt(LogIndex Index, DateTimeOffset Time, ulong Seed);
