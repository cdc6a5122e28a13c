namespace Graft.Network;

/// <summary>An accepted connection and the loop that serves it.</summary>
internal sealed class Served(IConnection connection)
{
    internal IConnection Connection { get; } = connection;

    internal Task Task { get; set; } = Task.CompletedTask;
}
