using System.Buffers;
using System.Net.Security;
using Graft.Network;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Graft.Server;

/// <summary>One port for clients and nodes: the web server accepts, and a connection that begins like one of ours goes to the node.</summary>
/// <remarks>What this node dials goes through sockets as anywhere else.</remarks>
internal sealed class SharedPort : INetwork
{
    // Whoever says nothing for so long is neither: a node begins at once, and browsers that connect ahead of need connect again.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(30);

    private readonly SocketNetwork _sockets;
    private readonly int _httpConnectionsMax;
    private SharedListener? _listener;
    private int _httpConnections;

    /// <param name="sockets">Dials, and has the certificates.</param>
    /// <param name="httpConnectionsMax">Connections that are no node's; one more is closed.</param>
    internal SharedPort(SocketNetwork sockets, int httpConnectionsMax) => (_sockets, _httpConnectionsMax) = (sockets, httpConnectionsMax);

    public ValueTask<IConnection> ConnectAsync(NodeAddress address, CancellationToken cancellation) => _sockets.ConnectAsync(address, cancellation);

    /// <summary>Takes what the web server accepts from here on. It listens already, and where is its own affair.</summary>
    public ValueTask<IListener> ListenAsync(NodeAddress address, CancellationToken cancellation)
    {
        var listener = new SharedListener(address, Close);
        if (Interlocked.CompareExchange(ref _listener, listener, null) is not null)
        {
            throw new IOException($"{address} is listened on already.");
        }

        return ValueTask.FromResult<IListener>(listener);
    }

    public IDisposable? Watch(Action<NetworkEvent> watcher) => _sockets.Watch(watcher);

    /// <summary>What TLS is told at a handshake.</summary>
    /// <exception cref="IOException">The certificates were never readable.</exception>
    internal SslServerAuthenticationOptions ReadServerAuthentication()
    {
        SslServerAuthenticationOptions options = _sockets.ReadServerAuthentication()
            ?? throw new InvalidOperationException("There are no certificates.");

        // A node offers none of these, and is let in without.
        options.ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];
        return options;
    }

    /// <summary>Serves a connection to its end: the node's, or the web server's.</summary>
    /// <param name="context">The connection, behind TLS if there is any.</param>
    /// <param name="http">Serves the web server's.</param>
    internal async Task DivideAsync(ConnectionContext context, ConnectionDelegate http)
    {
        bool? isOurs = await PeekAsync(context);
        if (isOurs is null)
        {
            context.Abort();
        }
        else if (isOurs is true)
        {
            await ServeNodeAsync(context);
        }
        else
        {
            await ServeHttpAsync(context, http);
        }
    }

    // Null if nothing came.
    private static async Task<bool?> PeekAsync(ConnectionContext context)
    {
        using var silence = new CancellationTokenSource(SilenceMax);
        try
        {
            while (true)
            {
                System.IO.Pipelines.ReadResult read = await context.Transport.Input.ReadAsync(silence.Token);
                ReadOnlySequence<byte> buffer = read.Buffer;
                bool isEnough = buffer.Length >= Preamble.MagicBytes;
                bool isOurs = isEnough && IsOurs(buffer);
                context.Transport.Input.AdvanceTo(buffer.Start, isEnough ? buffer.Start : buffer.End);
                if (isEnough)
                {
                    return isOurs;
                }

                if (read.IsCompleted || read.IsCanceled)
                {
                    return null;
                }
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            return null;
        }
    }

    private static bool IsOurs(ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[Preamble.MagicBytes];
        buffer.Slice(0, Preamble.MagicBytes).CopyTo(start);
        return Preamble.IsOurs(start);
    }

    private async Task ServeNodeAsync(ConnectionContext context)
    {
        IReadOnlyList<string> names = context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is { } certificate
            ? SocketNetwork.NamesOf(certificate)
            : [];
        var connection = new SharedConnection(context, names);
        if (Volatile.Read(ref _listener)?.TryEnter(connection) != true)
        {
            context.Abort();
            return;
        }

        await connection.Ended;
    }

    private async Task ServeHttpAsync(ConnectionContext context, ConnectionDelegate http)
    {
        try
        {
            if (Interlocked.Increment(ref _httpConnections) > _httpConnectionsMax)
            {
                context.Abort();
                return;
            }

            await http(context);
        }
        finally
        {
            Interlocked.Decrement(ref _httpConnections);
        }
    }

    private void Close(SharedListener listener) => Interlocked.CompareExchange(ref _listener, null, listener);
}
