using Graft.Consensus;

namespace Graft.Network;

/// <summary>One thing worth a line in a log.</summary>
/// <param name="Kind">What.</param>
/// <param name="Remote">Whose connection; an address, or empty.</param>
/// <param name="Node">Which node, once it has said so.</param>
/// <param name="Text">One sentence.</param>
public readonly record struct NetworkEvent(NetworkEventKind Kind, string Remote, NodeId? Node, string Text);
