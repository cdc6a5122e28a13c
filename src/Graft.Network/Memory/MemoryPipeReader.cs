using System.IO.Pipelines;

namespace Graft.Network;

/// <summary>Reads what has come through; while the cable is cut, nothing does.</summary>
internal sealed class MemoryPipeReader(MemoryConnection connection, PipeReader inner) : PipeReader
{
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        connection.ThrowIfAborted();
        ReadResult result = await inner.ReadAsync(cancellationToken);
        while (!connection.IsAborted && connection.Open is { IsCompleted: false } open)
        {
            await open;
        }

        connection.ThrowIfAborted();
        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        result = default;
        return connection is { IsAborted: false, Open.IsCompleted: true } && inner.TryRead(out result);
    }

    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);
}
