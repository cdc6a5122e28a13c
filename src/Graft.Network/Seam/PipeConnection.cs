using System.IO.Pipelines;

namespace Graft.Network;

/// <summary>A connection that another door has accepted, such as a web server that shares its port: for <see cref="Endpoint.AcceptAsync"/>.</summary>
public sealed class PipeConnection : IConnection
{
    private readonly IDuplexPipe _pipe;
    private readonly Action _abort;

    /// <summary>Wraps the bytes of a connection; nothing is read or written.</summary>
    /// <param name="pipe">The bytes. Whoever looked at the first of them has advanced past none.</param>
    /// <param name="remoteName">Who is there, for people.</param>
    /// <param name="peerNames">The names in the peer's certificate; empty without mutual TLS.</param>
    /// <param name="abort">Ends the connection at once. From any thread, any number of times; doesn't throw.</param>
    public PipeConnection(IDuplexPipe pipe, string remoteName, IReadOnlyList<string> peerNames, Action abort)
    {
        ArgumentNullException.ThrowIfNull(pipe);
        ArgumentNullException.ThrowIfNull(abort);
        (_pipe, RemoteName, PeerNames, _abort) = (pipe, remoteName, peerNames, abort);
    }

    /// <inheritdoc/>
    public PipeReader Input => _pipe.Input;

    /// <inheritdoc/>
    public PipeWriter Output => _pipe.Output;

    /// <inheritdoc/>
    public string RemoteName { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> PeerNames { get; }

    /// <inheritdoc/>
    public void Abort() => _abort();

    /// <summary>Completes both pipes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _pipe.Input.CompleteAsync();
        await _pipe.Output.CompleteAsync();
    }
}
