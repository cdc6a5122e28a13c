using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>A node's sessions, one for each group that it passes writes on to.</summary>
internal sealed class NodeSessions
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<GroupId, WriteSession> _sessions = [];

    internal WriteSession Of(GroupId group)
    {
        lock (_gate)
        {
            if (!_sessions.TryGetValue(group, out WriteSession? session))
            {
                session = new WriteSession();
                _sessions.Add(group, session);
            }

            return session;
        }
    }
}
