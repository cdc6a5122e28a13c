using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Graft.Network;

/// <summary>TCP, with TLS or mutual TLS if options say so. The production side of the byte seam.</summary>
/// <remarks>
/// The one place where the machine's threads and clocks are let in: its continuations come from the thread pool, and go on in the context
/// that awaits them.
/// </remarks>
public sealed class SocketNetwork : INetwork
{
    private readonly SocketNetworkOptions _options;
    private readonly CertificateFiles? _certificates;

    /// <summary>Sets it up. Certificates are read at the first handshake, which fails if they can't be.</summary>
    /// <param name="options">How it connects and listens; plain TCP if left out.</param>
    public SocketNetwork(SocketNetworkOptions? options = null)
    {
        _options = options ?? new SocketNetworkOptions();
        _certificates = _options.Tls is null ? null : new CertificateFiles(_options.Tls, _options.Happened);
    }

    /// <inheritdoc/>
    public async ValueTask<IConnection> ConnectAsync(NodeAddress address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // By name: the system resolves it, now.
            await socket.ConnectAsync(address.Host, address.Port, cancellation);
            var connection = new SocketConnection(socket, _options.Tls, _certificates, address);
            await connection.OpenAsync(cancellation);
            return connection;
        }
        catch (Exception exception) when (exception is not IOException)
        {
            socket.Dispose();
            if (exception is SocketException or System.Security.Authentication.AuthenticationException or ObjectDisposedException)
            {
                throw new IOException($"Can't connect to {address}: {exception.Message}", exception);
            }

            throw;
        }
        catch (IOException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IListener> ListenAsync(NodeAddress address, CancellationToken cancellation)
    {
        Socket? socket = null;
        try
        {
            IPAddress ip = await ResolveAsync(address.Host, cancellation);
            socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (ip.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(new IPEndPoint(ip, address.Port));
            socket.Listen(_options.Backlog);
            return new SocketListener(socket, address.Host, _options.Tls, _certificates);
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw new IOException($"Can't listen on {address}: {exception.Message}", exception);
        }
    }

    public IDisposable? Watch(Action<NetworkEvent> watcher) => _certificates?.Watch(watcher);

    /// <summary>What TLS is told by a listener of another's, such as a web server that shares the port: these certificates, read anew if their files have changed.</summary>
    /// <returns>For one handshake, and the caller's; null for plain TCP.</returns>
    /// <exception cref="IOException">The certificates were never readable.</exception>
    public SslServerAuthenticationOptions? ReadServerAuthentication() => _certificates?.ReadForServer();

    /// <summary>What <see cref="IConnection.PeerNames"/> are of a certificate that the other side has shown: subject alternative names first.</summary>
    /// <param name="certificate">The other side's.</param>
    public static IReadOnlyList<string> NamesOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        IEnumerable<string> alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(ip => ip.ToString())));
        return [.. alternatives, .. new[] { certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) }.Where(name => name.Length > 0)];
    }

    /// <summary>The address of this machine that a host to listen on stands for; the first, if a name has several.</summary>
    /// <param name="host">An IP address or a name.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SocketException">The name is unknown.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async ValueTask<IPAddress> ResolveAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out IPAddress? ip))
        {
            return ip;
        }

        IPAddress[] found = await Dns.GetHostAddressesAsync(host, cancellation);
        return found.FirstOrDefault() ?? throw new SocketException((int)SocketError.HostNotFound);
    }
}
