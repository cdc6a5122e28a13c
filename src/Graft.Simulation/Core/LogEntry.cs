using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>An entry as a host stores it: what the core knows of it, and a payload that the core never sees.</summary>
/// <param name="Id">Its term and index.</param>
/// <param name="Payload">A number that names the write; zero for what the core appended itself.</param>
/// <param name="Bytes">Its encoded size, as proposed.</param>
/// <param name="Membership">The configuration, if it is one.</param>
public readonly record struct LogEntry(EntryId Id, ulong Payload, int Bytes, Membership? Membership)
{
    public override string ToString() => Membership is null ? $"{Id}={Payload}" : $"{Id}={{{Membership}}}";
}
