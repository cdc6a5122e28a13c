using Graft.Network;

namespace Graft.Simulation.Nodes;

/// <summary>A <see cref="SimulatedNetwork"/> from where one host stands.</summary>
internal sealed class SimulatedHost(SimulatedNetwork network, string host) : INetwork
{
    public ValueTask<IConnection> ConnectAsync(NodeAddress address, CancellationToken cancellation) => network.ConnectAsync(host, address, cancellation);

    public ValueTask<IListener> ListenAsync(NodeAddress address, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IListener>(network.Listen(address));
    }
}
