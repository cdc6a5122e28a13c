namespace Graft.Simulation.Nodes;

/// <summary>A write whose caller doesn't know what became of it.</summary>
/// <param name="command">The write.</param>
/// <param name="floor">What was known when it began.</param>
/// <param name="write">Its name.</param>
/// <param name="client">The client that made it; null if it was made at a node.</param>
/// <param name="resolve">Has that client ask.</param>
internal sealed class Unsettled(string command, int floor, WriteId write, SimulatedProcess? client, Func<WriteId, TimeSpan, Task<WriteResult>>? resolve)
{
    internal string Command => command;

    internal int Floor => floor;

    internal WriteId Write => write;

    internal SimulatedProcess? Client => client;

    internal Func<WriteId, TimeSpan, Task<WriteResult>>? Resolve => resolve;

    internal string LastAnswer { get; set; } = "";
}
