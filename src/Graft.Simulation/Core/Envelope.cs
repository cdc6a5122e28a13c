using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>A message with the entries that its host attached to it.</summary>
public readonly record struct Envelope(Message Message, LogEntry[] Entries)
{
    public override string ToString() => Message.ToString();
}
