namespace Graft.Network;

/// <summary>An accepted connection and the loop that serves it.</summary>
internal sealed class Served(IConnection connection)
{
    internal IConnection Connection { get; } = connection;

    internal Task Task { get; set; } = Task.CompletedTask;

    /// <summary>What it said of itself, with the names that its certificate proves; set before it is judged.</summary>
    internal (Hello Hello, IReadOnlyList<string> Names)? Said { get; set; }

    /// <summary>The host wouldn't let it in any more.</summary>
    internal bool IsExpelled { get; set; }
}
