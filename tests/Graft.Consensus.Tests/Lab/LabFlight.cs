using Graft.Simulation.Core;

namespace Graft.Consensus.Tests;

/// <summary>A message under way.</summary>
internal sealed class LabFlight(Envelope envelope, Instant due, bool isHeld)
{
    internal Envelope Envelope => envelope;

    internal NodeId To => envelope.Message.To;

    internal Instant Due { get; set; } = due;

    internal bool IsHeld { get; set; } = isHeld;
}
