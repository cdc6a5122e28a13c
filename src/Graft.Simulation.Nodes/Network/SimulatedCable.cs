using Graft.Network;

namespace Graft.Simulation.Nodes;

/// <summary>Both ends of one connection and the ways between them.</summary>
internal sealed class SimulatedCable : IDisposable
{
    private readonly SimulatedNetwork _network;
    private readonly string _from;
    private readonly string _target;
    private readonly SimulatedLane _there;
    private readonly SimulatedLane _back;
    private readonly CancellationTokenSource _over = new();
    private readonly CancellationToken _isOver;

    internal SimulatedCable(SimulatedNetwork network, string from, NodeAddress address)
    {
        (_network, _from, _target) = (network, from, address.Host);
        _isOver = _over.Token;
        _there = new SimulatedLane(network, from, address.Host);
        _back = new SimulatedLane(network, address.Host, from);
        Dialed = new SimulatedConnection(this, _back, _there, address.ToString());
        Accepted = new SimulatedConnection(this, _there, _back, from);
    }

    internal SimulatedConnection Dialed { get; }

    internal SimulatedConnection Accepted { get; }

    internal void Start(SimulatedProcess root)
    {
        root.Start(() => _there.PumpAsync(_isOver));
        root.Start(() => _back.PumpAsync(_isOver));
    }

    internal bool Touches(string host) => _from == host || _target == host;

    internal bool IsBetween(string a, string b) => (_from == a && _target == b) || (_from == b && _target == a);

    internal void Reset()
    {
        Dialed.End(isLate: false);
        Accepted.End(isLate: false);
        Dispose();
    }

    /// <summary>The process at this end is gone. The other end hears of it, unless the machine went with it.</summary>
    internal void LoseEnd(string host)
    {
        SimulatedConnection lost = _from == host ? Dialed : Accepted;
        if (_network.IsDark(host))
        {
            lost.End(isLate: false);
        }
        else
        {
            lost.Abort();
        }
    }

    /// <summary>An end was closed: the other learns of it when word of it has come through.</summary>
    internal void TellOther(SimulatedConnection closed)
    {
        (SimulatedConnection other, SimulatedLane way) = closed == Dialed ? (Accepted, _there) : (Dialed, _back);
        if (other.IsOver)
        {
            Dispose();
            return;
        }

        bool isInOrder = _network.Random.Chance(500);
        _network.Begin(() => TellAsync(other, way, isInOrder));
    }

    /// <summary>Both ends know that it is over.</summary>
    public void Dispose()
    {
        _network.Remove(this);
        if (!_isOver.IsCancellationRequested)
        {
            _over.Cancel();
            _over.Dispose();
        }
    }

    private async Task TellAsync(SimulatedConnection other, SimulatedLane way, bool isInOrder)
    {
        try
        {
            if (isInOrder)
            {
                await way.DrainedAsync();
            }

            await _network.TravelAsync(way.From, way.Target, _isOver);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        other.End(isLate: false);
        Dispose();
    }
}
