namespace Graft.Network;

/// <summary>What moves bytes: sockets in production (<see cref="SocketNetwork"/>), memory in tests (<see cref="MemoryNetwork"/>).</summary>
/// <remarks>A seam: everything above it runs on the ambient scheduling context and on the time that it is given. From any thread.</remarks>
public interface INetwork
{
    /// <summary>Opens a connection. A name is resolved anew each time, because addresses move.</summary>
    /// <exception cref="IOException">Nobody answers there, the name is unknown, or a certificate was refused; the message says which.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing stays open.</exception>
    ValueTask<IConnection> ConnectAsync(NodeAddress address, CancellationToken cancellation);

    /// <summary>Listens. Port 0 lets the system choose; <see cref="IListener.Address"/> says what it chose.</summary>
    /// <exception cref="IOException">The address is in use or isn't this machine's.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing listens.</exception>
    ValueTask<IListener> ListenAsync(NodeAddress address, CancellationToken cancellation);

    /// <summary>Has somebody told of what happens beside any connection: certificates that were read anew, or couldn't be.</summary>
    /// <param name="watcher">Told from any thread; had better return soon.</param>
    /// <returns>Ends it; null if there's nothing to tell.</returns>
    IDisposable? Watch(Action<NetworkEvent> watcher) => null;
}
