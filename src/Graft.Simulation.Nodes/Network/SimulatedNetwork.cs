using Graft.Consensus;
using Graft.Network;

namespace Graft.Simulation.Nodes;

/// <summary>Hosts, and the ways between them: each way has a latency of its own, can be cut, clogged and reset.</summary>
/// <remarks>Bytes of a connection come in order or not at all, as with TCP; where they are split is drawn.</remarks>
internal sealed class SimulatedNetwork(WorldLoop loop, SeededRandom random, SimulatedNetworkOptions options)
{
    private readonly SortedDictionary<string, SimulatedListener> _listeners = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(string From, string To), TimeSpan> _latencies = [];
    private readonly SortedDictionary<(string From, string To), long> _clogs = [];
    private readonly SortedSet<(string From, string To)> _cuts = [];
    private readonly SortedSet<string> _dark = new(StringComparer.Ordinal);
    private readonly List<SimulatedCable> _cables = [];
    private TaskCompletionSource _changed = new();

    internal SeededRandom Random => random;

    internal SimulatedNetworkOptions Options => options;

    /// <summary>Connections that neither side has ended.</summary>
    internal int OpenConnections => _cables.Count;

    internal INetwork At(string host) => new SimulatedHost(this, host);

    /// <summary>Nothing comes through one way; what was under way waits, and comes once it is healed.</summary>
    internal void Cut(string from, string target) => _cuts.Add((from, target));

    internal void Heal(string from, string target)
    {
        _cuts.Remove((from, target));
        Change();
    }

    internal void HealAll()
    {
        _cuts.Clear();
        _clogs.Clear();
        Change();
    }

    /// <summary>What is sent one way until then comes then, all at once.</summary>
    internal void Clog(string from, string target, TimeSpan length) => _clogs[(from, target)] = loop.Now + length.Ticks;

    /// <summary>Both sides lose their connections, with what was under way.</summary>
    internal void Reset(string a, string b)
    {
        foreach (SimulatedCable cable in _cables.Where(cable => cable.IsBetween(a, b)).ToArray())
        {
            cable.Reset();
        }
    }

    /// <summary>A host's process has ended.</summary>
    /// <param name="host">Which.</param>
    /// <param name="isDark">The machine is gone with it: nobody is told, and who connects waits.</param>
    internal void Lose(string host, bool isDark)
    {
        if (isDark)
        {
            _dark.Add(host);
        }

        foreach (SimulatedListener listener in _listeners.Values.Where(listener => listener.Address.Host == host).ToArray())
        {
            listener.Close();
        }

        foreach (SimulatedCable cable in _cables.Where(cable => cable.Touches(host)).ToArray())
        {
            cable.LoseEnd(host);
        }
    }

    /// <summary>A host that was dark is back: it knows nothing of its connections, and says so.</summary>
    internal void Return(string host)
    {
        _dark.Remove(host);
        Change();
        foreach (SimulatedCable cable in _cables.Where(cable => cable.Touches(host)).ToArray())
        {
            cable.Reset();
        }
    }

    internal bool IsDark(string host) => _dark.Contains(host);

    /// <summary>Takes as long as something takes from one host to another, cuts included.</summary>
    internal async Task TravelAsync(string from, string target, CancellationToken cancellation)
    {
        await Task.Delay(Draw(from, target), loop.Root.Time, cancellation);
        while (_cuts.Contains((from, target)) || _dark.Contains(target))
        {
            await _changed.Task.WaitAsync(cancellation);
        }
    }

    internal async ValueTask<IConnection> ConnectAsync(string from, NodeAddress address, CancellationToken cancellation)
    {
        await TravelAsync(from, address.Host, cancellation);
        bool isHeard = _listeners.ContainsKey(address.ToString());
        await TravelAsync(address.Host, from, cancellation);
        if (!isHeard || !_listeners.TryGetValue(address.ToString(), out SimulatedListener? listener))
        {
            throw new IOException($"Nobody listens on {address}.");
        }

        var cable = new SimulatedCable(this, from, address);
        _cables.Add(cable);
        cable.Start(loop.Root);
        listener.Offer(cable.Accepted);
        return cable.Dialed;
    }

    internal SimulatedListener Listen(NodeAddress address)
    {
        var listener = new SimulatedListener(this, address);
        return _listeners.TryAdd(address.ToString(), listener) ? listener : throw new IOException($"{address} is in use.");
    }

    internal void Remove(SimulatedListener listener) => _listeners.Remove(listener.Address.ToString());

    internal void Remove(SimulatedCable cable) => _cables.Remove(cable);

    /// <summary>Has the network do something in a turn of its own.</summary>
    internal void Begin(Func<Task> begin) => loop.Root.Start(begin);

    private TimeSpan Draw(string from, string target)
    {
        if (!_latencies.TryGetValue((from, target), out TimeSpan usual))
        {
            usual = random.Next(TimeSpan.Zero, options.LatencyMax);
            _latencies.Add((from, target), usual);
        }

        TimeSpan latency = random.Chance(options.SlowPerMille) ? random.Next(usual, usual + options.SlowMax) : usual;
        long clogged = _clogs.GetValueOrDefault((from, target)) - loop.Now;
        return clogged > latency.Ticks ? new TimeSpan(clogged) : latency;
    }

    private void Change()
    {
        TaskCompletionSource changed = _changed;
        _changed = new TaskCompletionSource();
        changed.SetResult();
    }
}
