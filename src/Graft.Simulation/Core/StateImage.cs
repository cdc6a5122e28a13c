using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>The state machine of the simulation: how much is applied, and a digest of all that was, in order.</summary>
/// <remarks>Two nodes that applied the same prefix have equal images, and two that differ in one entry don't.</remarks>
public readonly record struct StateImage(LogIndex Applied, ulong Digest)
{
    public StateImage Apply(in LogEntry entry)
    {
        Invariant.Check(entry.Id.Index == Applied.Next, entry.Id, Applied);
        unchecked
        {
            ulong mixed = (Digest ^ entry.Payload ^ (entry.Id.Term.Value << 32)) * 0x9E3779B97F4A7C15;
            return new StateImage(entry.Id.Index, mixed ^ (mixed >> 29));
        }
    }
}
