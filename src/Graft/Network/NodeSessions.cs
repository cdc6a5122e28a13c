using Graft.Consensus;

namespace Graft;

/// <summary>A node's sessions, one for each group that it passes writes on to.</summary>
internal sealed class NodeSessions
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<GroupId, NodeSession> _sessions = [];

    internal NodeSession Of(GroupId group)
    {
        lock (_gate)
        {
            if (!_sessions.TryGetValue(group, out NodeSession? session))
            {
                session = new NodeSession();
                _sessions.Add(group, session);
            }

            return session;
        }
    }
}
