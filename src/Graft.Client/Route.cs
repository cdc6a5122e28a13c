namespace Graft.Client;

/// <summary>A way for what only a leader can do.</summary>
/// <param name="Line">Whom to send it to.</param>
/// <param name="IsDirect">It's the leader. Otherwise a node that can reach it when we can't, and passes writes on.</param>
internal sealed record Route(NodeLine Line, bool IsDirect);
