namespace Graft.Network;

/// <summary>A <see cref="MemoryNetwork"/> from where one host stands.</summary>
internal sealed class MemoryHost(MemoryNetwork network, string host) : INetwork
{
    public ValueTask<IConnection> ConnectAsync(NodeAddress address, CancellationToken cancellation) =>
        network.ConnectAsync(host, address, cancellation);

    public ValueTask<IListener> ListenAsync(NodeAddress address, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IListener>(network.Listen(host, address));
    }
}
