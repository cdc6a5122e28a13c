using System.IO.Pipelines;

namespace Graft.Network;

/// <summary>Writes, until one of the two ends is over.</summary>
internal sealed class MemoryPipeWriter(MemoryConnection connection, PipeWriter inner) : PipeWriter
{
    // An abort completes the writer from any thread, which a pipe allows between two calls only.
    private readonly Lock _gate = new();
    private bool _isCompleted;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override void Advance(int bytes)
    {
        lock (_gate)
        {
            ThrowIfOver();
            inner.Advance(bytes);
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        lock (_gate)
        {
            ThrowIfOver();
            return inner.GetMemory(sizeHint);
        }
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            ThrowIfOver();
            return inner.WriteAsync(source, cancellationToken);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            ThrowIfOver();
            return inner.FlushAsync(cancellationToken);
        }
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        lock (_gate)
        {
            if (!_isCompleted)
            {
                _isCompleted = true;
                inner.CancelPendingFlush();
                inner.Complete(exception);
            }
        }
    }

    private void ThrowIfOver()
    {
        connection.ThrowIfAborted();
        if (_isCompleted || connection.Peer!.IsAborted)
        {
            throw new IOException("The other side has closed the connection.");
        }
    }
}
