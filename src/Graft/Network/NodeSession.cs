using Graft.Consensus;

namespace Graft;

/// <summary>A node's own session with a group: numbers for the writes that it passes on.</summary>
internal sealed class NodeSession
{
    private readonly Lock _gate = new();
    private readonly SortedSet<ulong> _underWay = [];
    private Task<ulong?>? _opening;
    private ulong _session;
    private ulong _next;

    /// <summary>The session's id; opened if there is none.</summary>
    internal async Task<ulong?> OpenAsync(Forwarder forwarder, GroupActor group, NodeId leader, Instant deadline)
    {
        Task<ulong?> opening;
        lock (_gate)
        {
            if (_session != 0)
            {
                return _session;
            }

            // Whoever comes meanwhile waits for the same answer.
            if (_opening is null || _opening.IsCompleted)
            {
                _opening = forwarder.OpenSessionAsync(group.Id, leader, deadline);
            }

            opening = _opening;
        }

        ulong? opened = await opening;
        lock (_gate)
        {
            if (opened is { } id && _session == 0)
            {
                (_session, _next) = (id, 0);
                _underWay.Clear();
            }

            return _session == 0 ? null : _session;
        }
    }

    /// <summary>Gives a write the next number of the session that is open.</summary>
    internal WriteOptions Number(in WriteOptions options)
    {
        lock (_gate)
        {
            ulong number = ++_next;
            _underWay.Add(number);
            return options with { Session = _session, Sequence = number, AnsweredBelow = _underWay.Min };
        }
    }

    /// <summary>Nobody will ask for this number again.</summary>
    internal void Answered(ulong number)
    {
        lock (_gate)
        {
            _underWay.Remove(number);
        }
    }

    /// <summary>The group doesn't know the session any more; the next write opens another.</summary>
    internal void Forget(ulong session)
    {
        lock (_gate)
        {
            if (_session == session)
            {
                _session = 0;
            }
        }
    }
}
