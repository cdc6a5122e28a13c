using Graft.Network;

namespace Graft.NodeProcess;

/// <summary>How a node's process is started.</summary>
internal sealed record NodeChildOptions
{
    internal required string Data { get; init; }

    internal NodeAddress Listen { get; init; } = new("127.0.0.1", 0);

    internal IReadOnlyList<NodeAddress> Join { get; init; } = [];

    /// <summary>Further arguments of the process, as they are.</summary>
    internal IReadOnlyList<string> Extra { get; init; } = [];

    internal IEnumerable<string> Arguments() =>
        ["--data", Data, "--listen", Listen.ToString(), .. Join.SelectMany(static each => (string[])["--join", each.ToString()]), .. Extra, "--tied"];
}
