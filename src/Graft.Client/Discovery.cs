using Graft.Network;

namespace Graft.Client;

/// <summary>What a round of questions found.</summary>
/// <param name="Info">The group, as the node knows it that knew most; null if nobody answered.</param>
/// <param name="Route">The way to the leader; null if nobody knew one.</param>
internal sealed record Discovery(GroupInfo? Info, Route? Route);
