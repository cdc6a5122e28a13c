using System.Threading.Channels;
using Graft.Network;

namespace Graft.Server;

/// <summary>Where the node meets the connections that the web server has accepted for it.</summary>
/// <param name="address">Where the web server listens.</param>
/// <param name="close">Told once it takes no more.</param>
internal sealed class SharedListener(NodeAddress address, Action<SharedListener> close) : IListener
{
    // The node takes each at once and has limits of its own behind this.
    private readonly Channel<IConnection> _arrived = Channel.CreateUnbounded<IConnection>();

    public NodeAddress Address => address;

    internal bool TryEnter(IConnection connection) => _arrived.Writer.TryWrite(connection);

    public async ValueTask<IConnection?> AcceptAsync(CancellationToken cancellation) =>
        await _arrived.Reader.WaitToReadAsync(cancellation) && _arrived.Reader.TryRead(out IConnection? connection) ? connection : null;

    public async ValueTask DisposeAsync()
    {
        close(this);
        _arrived.Writer.TryComplete();
        while (_arrived.Reader.TryRead(out IConnection? connection))
        {
            connection.Abort();
            await connection.DisposeAsync();
        }
    }
}
