using System.Net.Sockets;
using System.Security.Authentication;

namespace Graft.Network;

/// <summary>Which exceptions mean that a connection is gone, and nothing else.</summary>
internal static class ConnectionFaults
{
    /// <summary>
    /// A pipe that was completed or aborted under its reader says so by <see cref="InvalidOperationException"/> or
    /// <see cref="ObjectDisposedException"/>, and a cancelled one by <see cref="OperationCanceledException"/>.
    /// </summary>
    internal static bool Is(Exception exception) =>
        exception is IOException or SocketException or AuthenticationException or OperationCanceledException or InvalidOperationException;

    /// <summary>
    /// A connection that didn't come about, by whatever exception. Opening runs code that isn't ours on bytes that a stranger chose, a certificate's, say: what
    /// it throws is about this one connection.
    /// </summary>
    internal static IOException NotOpened(Exception exception) => new($"{exception.GetType().Name}: {exception.Message}", exception);

    /// <summary>Does what <see cref="IConnection.OpenAsync"/> does.</summary>
    /// <exception cref="IOException">It didn't come about.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static async ValueTask OpenAsync(IConnection connection, CancellationToken cancellation)
    {
        try
        {
            await connection.OpenAsync(cancellation);
        }
        catch (Exception exception) when (!Is(exception))
        {
            throw NotOpened(exception);
        }
    }
}
