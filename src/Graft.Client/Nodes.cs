using Graft.Consensus;
using Graft.Network;

namespace Graft.Client;

/// <summary>The nodes that are known: seeds first, then whom those name. One line to each.</summary>
internal sealed class Nodes : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly ClientOptions _options;
    private readonly TimeProvider _time;
    private readonly SeededRandom _random;
    private readonly SortedDictionary<NodeId, NodeLine> _nodes = [];
    private readonly List<NodeLine> _seeds = [];
    private readonly List<Task> _closing = [];
    private ClusterId _cluster;
#pragma warning disable CA2213 // Two of the lines above, and disposed with them.
    private NodeLine? _leader;
    private NodeLine? _lastGood;
#pragma warning restore CA2213
    private Term _term;

    internal Nodes(ClientOptions options, ClientSeams seams)
    {
        (_options, _time, _random, _cluster) = (options, seams.Time, new SeededRandom(seams.Seed), options.Cluster);
        Network = seams.Network;
        foreach (NodeAddress seed in options.Seeds)
        {
            _seeds.Add(NewLine(null, seed));
        }
    }

    internal INetwork Network { get; }

    /// <summary>Whether a node has said who the others are.</summary>
    internal bool HasLearned { get; private set; }

    /// <summary>The client was disposed.</summary>
    internal bool IsOver { get; set; }

    /// <summary>The cluster that is called; zero while nobody has answered and none was asked for.</summary>
    internal ClusterId Cluster
    {
        get
        {
            lock (_gate)
            {
                return _cluster;
            }
        }
    }

    /// <summary>Who is believed to lead, if it can be called.</summary>
    internal NodeLine? Leader
    {
        get
        {
            lock (_gate)
            {
                return _leader is { IsUsable: true } ? _leader : null;
            }
        }
    }

    /// <summary>What a node of another cluster said, if there is nobody else to ask.</summary>
    internal string? OnlyForeign
    {
        get
        {
            lock (_gate)
            {
                return _nodes.Values.Concat(_seeds).All(static line => line.Foreign is not null) ? _seeds.FirstOrDefault()?.Foreign : null;
            }
        }
    }

    /// <summary>
    /// Whom to ask, in this order: who answered last, who is connected, the others, and who couldn't be reached the last time. Among equals,
    /// seeds that nobody has answered at yet come last.
    /// </summary>
    internal NodeLine[] Candidates()
    {
        lock (_gate)
        {
            return
            [
                .. _nodes.Values.Concat(_seeds)
                    .Where(static line => line.IsUsable)
                    .OrderBy(line => line == _lastGood ? 0 : line.IsOpen ? 1 : line.HasFailed ? 3 : 2),
            ];
        }
    }

    /// <summary>Nobody that is known answers any more: whoever is at the seeds now may be somebody else than the last time.</summary>
    internal void AskSeedsAgain()
    {
        lock (_gate)
        {
            foreach (NodeAddress address in _options.Seeds)
            {
                if (!_seeds.Exists(seed => seed.Address == address))
                {
                    _seeds.Add(NewLine(null, address));
                }
            }
        }
    }

    internal BackOff NewBackOff() => new(_options.BackOffMin, _options.BackOffMax, _random);

    internal TimeSpan Draw(BackOff backOff)
    {
        lock (_random)
        {
            return backOff.Next();
        }
    }

    /// <summary>A connection has come about.</summary>
    /// <returns>Null, or why it may not be used: two seeds that belong to two clusters, and the other one answered first.</returns>
    internal string? Answered(NodeLine line, Welcome welcome)
    {
        lock (_gate)
        {
            _cluster = _cluster.Value == 0 ? welcome.Cluster : _cluster;
            if (_cluster != welcome.Cluster)
            {
                return $"{line.Address} belongs to cluster {welcome.Cluster}, not to {_cluster}.";
            }

            if (!_seeds.Remove(line))
            {
                return null;
            }

            NodeLine? known = _nodes.GetValueOrDefault(welcome.Node);
            if (known is { IsOpen: true })
            {
                // The seed is another name of a node that has its line already.
                CloseSoon_NeedsLock(line);
                return null;
            }

            if (known is not null)
            {
                _leader = _leader == known ? line : _leader;
                _lastGood = _lastGood == known ? line : _lastGood;
                CloseSoon_NeedsLock(known);
            }

            _nodes[welcome.Node] = line;
            if (welcome.Advertised is { } advertised)
            {
                line.Suggest(advertised);
            }

            return null;
        }
    }

    /// <summary>A node has described its group.</summary>
    /// <returns>Whether it knows who leads, and nobody has told of a later term.</returns>
    internal bool Learn(GroupInfo info)
    {
        lock (_gate)
        {
            HasLearned = true;
            foreach ((NodeId node, string text) in info.Addresses)
            {
                if (!NodeAddress.TryParse(text, out NodeAddress address, out _))
                {
                    continue;
                }

                if (_nodes.TryGetValue(node, out NodeLine? line))
                {
                    line.Suggest(address);
                }
                else if (!_seeds.Exists(seed => seed.Address == address))
                {
                    // Of a seed the hello will say who lives there; a second line to it would be a second connection.
                    _nodes.Add(node, NewLine(node, address));
                }
            }

            if (info.Leader is not { } leader || info.Term < _term)
            {
                return false;
            }

            (_term, _leader) = (info.Term, LineTo_NeedsLock(leader, info));
            return true;
        }
    }

    /// <summary>A node that was asked as the leader said who is.</summary>
    /// <returns>False if nobody has said where that is.</returns>
    internal bool Redirect(NodeId leader)
    {
        lock (_gate)
        {
            _leader = _nodes.GetValueOrDefault(leader);
            return _leader is not null;
        }
    }

    /// <summary>This one doesn't lead, or doesn't answer.</summary>
    internal void NotLeader(NodeLine line)
    {
        lock (_gate)
        {
            _leader = _leader == line ? null : _leader;
        }
    }

    internal void Good(NodeLine line)
    {
        lock (_gate)
        {
            _lastGood = line;
        }
    }

    internal void Bad(NodeLine line)
    {
        lock (_gate)
        {
            _lastGood = _lastGood == line ? null : _lastGood;
        }
    }

    public async ValueTask DisposeAsync()
    {
        NodeLine[] lines;
        Task[] closing;
        lock (_gate)
        {
            lines = [.. _nodes.Values, .. _seeds];
            closing = [.. _closing];
        }

        foreach (NodeLine line in lines)
        {
            await line.DisposeAsync();
        }

        foreach (Task task in closing)
        {
            await task;
        }
    }

    private NodeLine? LineTo_NeedsLock(NodeId node, GroupInfo info)
    {
        if (_nodes.TryGetValue(node, out NodeLine? line))
        {
            return line;
        }

        string? text = info.Addresses.FirstOrDefault(row => row.Node == node).Address;
        return NodeAddress.TryParse(text, out NodeAddress address, out _) ? _seeds.Find(seed => seed.Address == address) : null;
    }

    private NodeLine NewLine(NodeId? node, NodeAddress address) => new(this, node, address, NewBackOff(), _time);

    private void CloseSoon_NeedsLock(NodeLine line)
    {
        _closing.RemoveAll(static task => task.IsCompleted);
        _closing.Add(CloseSoonAsync(line));
    }

    // Its opener is still waiting for the line.
    private static async Task CloseSoonAsync(NodeLine line)
    {
        await Task.Yield();
        await line.DisposeAsync();
    }
}
