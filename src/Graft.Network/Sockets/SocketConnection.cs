using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Graft.Network;

internal sealed class SocketConnection : IConnection
{
    // One call of the system for 32 KiB; the default is 4.
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 32 << 10, minimumReadSize: 4 << 10);

    private readonly Socket _socket;
    private readonly TlsOptions? _tls;
    private readonly CertificateFiles? _certificates;
    private readonly NodeAddress? _dialed;
    private Stream? _stream;
    private PipeReader? _input;
    private PipeWriter? _output;

    /// <param name="socket">Connected.</param>
    /// <param name="tls">Null for plain TCP.</param>
    /// <param name="certificates">With <paramref name="tls"/>.</param>
    /// <param name="dialed">Where we have connected to; null if the other side connected.</param>
    internal SocketConnection(Socket socket, TlsOptions? tls, CertificateFiles? certificates, NodeAddress? dialed)
    {
        (_socket, _tls, _certificates, _dialed) = (socket, tls, certificates, dialed);
        RemoteName = socket.RemoteEndPoint?.ToString() ?? "";
    }

    public PipeReader Input => _input ?? throw new InvalidOperationException("The connection isn't open yet.");

    public PipeWriter Output => _output ?? throw new InvalidOperationException("The connection isn't open yet.");

    public string RemoteName { get; }

    public IReadOnlyList<string> PeerNames { get; private set; } = [];

    public async ValueTask OpenAsync(CancellationToken cancellation)
    {
        if (_stream is not null)
        {
            return;
        }

        _stream = new NetworkStream(_socket, ownsSocket: true);
        if (_tls is not null)
        {
            _stream = await SecureAsync(_stream, _tls, cancellation);
        }

        (_input, _output) = (PipeReader.Create(_stream, ReaderOptions), PipeWriter.Create(_stream));
    }

    public void Abort() => _socket.Dispose();

    public async ValueTask DisposeAsync()
    {
        Abort();
        if (_stream is not null)
        {
            try
            {
                if (_input is not null && _output is not null)
                {
                    await _input.CompleteAsync();
                    await _output.CompleteAsync();
                }

                await _stream.DisposeAsync();
            }
            catch (Exception exception) when (ConnectionFaults.Is(exception))
            {
                // TLS says good-bye to a socket that is gone.
            }
        }
    }

    private async ValueTask<Stream> SecureAsync(Stream plain, TlsOptions tls, CancellationToken cancellation)
    {
        var secure = new SslStream(plain);
        try
        {
            if (_dialed is { } address)
            {
                (SslStreamCertificateContext own, X509ChainPolicy? policy) = _certificates!.Read();
                await secure.AuthenticateAsClientAsync(
                    new SslClientAuthenticationOptions
                    {
                        TargetHost = tls.ServerName ?? address.Host,
                        ClientCertificateContext = own,
                        CertificateChainPolicy = policy,
                    },
                    cancellation);
            }
            else
            {
                await secure.AuthenticateAsServerAsync(_certificates!.ReadForServer(), cancellation);
            }

            PeerNames = secure.RemoteCertificate is X509Certificate2 certificate ? SocketNetwork.NamesOf(certificate) : [];
            return secure;
        }
        catch (Exception exception)
        {
            await secure.DisposeAsync();
            if (exception is IOException or OperationCanceledException)
            {
                throw;
            }

            // What certificates hold is the other side's, and what is thrown at the sight of it is nobody's list.
            throw new IOException($"No TLS with {RemoteName}: {exception.Message}", exception);
        }
    }
}
