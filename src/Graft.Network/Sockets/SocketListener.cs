using System.Net;
using System.Net.Sockets;

namespace Graft.Network;

internal sealed class SocketListener : IListener
{
    private readonly Socket _socket;
    private readonly TlsOptions? _tls;
    private readonly CertificateFiles? _certificates;
    private bool _isClosed;

    internal SocketListener(Socket socket, string host, TlsOptions? tls, CertificateFiles? certificates)
    {
        (_socket, _tls, _certificates) = (socket, tls, certificates);
        Address = new NodeAddress(host, ((IPEndPoint)socket.LocalEndPoint!).Port);
    }

    public NodeAddress Address { get; }

    public async ValueTask<IConnection?> AcceptAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                Socket socket = await _socket.AcceptAsync(cancellation);
                socket.NoDelay = true;
                return new SocketConnection(socket, _tls, _certificates, dialed: null);
            }
            catch (Exception exception) when (_isClosed && exception is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return null;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // Gone before it was taken.
            }
            catch (SocketException exception)
            {
                throw new IOException($"{Address} can't be listened on any more: {exception.Message}", exception);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _isClosed = true;
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
