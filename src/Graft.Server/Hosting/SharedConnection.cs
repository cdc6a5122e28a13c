using System.IO.Pipelines;
using Graft.Network;
using Microsoft.AspNetCore.Connections;

namespace Graft.Server;

/// <summary>A connection of the web server's that the node serves. The web server waits until it's disposed.</summary>
internal sealed class SharedConnection : IConnection
{
    private readonly PipeConnection _bytes;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal SharedConnection(ConnectionContext context, IReadOnlyList<string> peerNames) =>
        _bytes = new PipeConnection(context.Transport, context.RemoteEndPoint?.ToString() ?? "", peerNames, context.Abort);

    public PipeReader Input => _bytes.Input;

    public PipeWriter Output => _bytes.Output;

    public string RemoteName => _bytes.RemoteName;

    public IReadOnlyList<string> PeerNames => _bytes.PeerNames;

    internal Task Ended => _ended.Task;

    public void Abort() => _bytes.Abort();

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _bytes.DisposeAsync();
        }
        finally
        {
            _ended.TrySetResult();
        }
    }
}
