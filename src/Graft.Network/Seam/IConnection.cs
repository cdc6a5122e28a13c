using System.IO.Pipelines;

namespace Graft.Network;

/// <summary>Bytes in order, both ways, until one side ends it.</summary>
/// <remarks>
/// One reader and one writer at a time. When the connection is lost or aborted, pending and later reads and writes end: with
/// <see cref="ReadResult.IsCompleted"/>, <see cref="FlushResult.IsCompleted"/>, or with an <see cref="IOException"/>,
/// <see cref="ObjectDisposedException"/>, <see cref="InvalidOperationException"/> or <see cref="OperationCanceledException"/>.
/// </remarks>
public interface IConnection : IAsyncDisposable
{
    /// <summary>Does what is needed before bytes can flow, such as the handshake of TLS. An accepted connection is opened by who serves it.</summary>
    /// <remarks>Here and not where connections are accepted: a slow handshake then holds up its own connection and no other.</remarks>
    /// <exception cref="IOException">It didn't come about.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the connection is good for nothing then.</exception>
    ValueTask OpenAsync(CancellationToken cancellation) => ValueTask.CompletedTask;

    /// <summary>What the other side sends. For the one reader.</summary>
    PipeReader Input { get; }

    /// <summary>What goes to the other side: sent by a flush, which waits while the other side takes nothing. For the one writer.</summary>
    PipeWriter Output { get; }

    /// <summary>Who is there, for people: an address and a port.</summary>
    string RemoteName { get; }

    /// <summary>The names in the peer's certificate, subject alternative names first. Empty without mutual TLS.</summary>
    IReadOnlyList<string> PeerNames { get; }

    /// <summary>Ends it at once, both ways. From any thread, any number of times; never throws.</summary>
    void Abort();
}
