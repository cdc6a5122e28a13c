using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>Another member, as this node can reach it.</summary>
/// <param name="Node">The member.</param>
/// <param name="Link">Our connection to it, with its last error, round trip and queue; null while nothing was ever sent there.</param>
/// <param name="SilentFor">How long it hasn't been heard on its own connection to us, about whatever group; null if it has none.</param>
public sealed record PeerStatus(NodeId Node, LinkStatus? Link, TimeSpan? SilentFor);
