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
}
