namespace Graft.Network;

/// <summary>A place where connections arrive.</summary>
public interface IListener : IAsyncDisposable
{
    /// <summary>Where it listens, with the port that was chosen if 0 was asked for.</summary>
    NodeAddress Address { get; }

    /// <summary>The next connection; null once the listener is disposed.</summary>
    /// <remarks>A connection that dies before it is whole (a failed TLS handshake, say) isn't returned, and isn't an error here.</remarks>
    /// <exception cref="IOException">None can be accepted now, for lack of handles, say. The listener goes on; try again later.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    ValueTask<IConnection?> AcceptAsync(CancellationToken cancellation);
}
