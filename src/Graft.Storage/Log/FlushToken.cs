namespace Graft.Storage;

/// <summary>The proof that a batch and all before it are durable.</summary>
/// <remarks>
/// Only <see cref="Flush"/> makes one that proves anything, and it makes it by flushing. The default value covers nothing.
/// </remarks>
public readonly record struct FlushToken
{
    private FlushToken(ulong batch) => Batch = batch;

    /// <summary>The last batch that is durable; zero for none.</summary>
    public ulong Batch { get; }

    /// <summary>Whether everything of <paramref name="write"/> is durable. Of one that isn't wholly staged yet nothing is.</summary>
    /// <param name="write">A write that was staged into the same log, and not begun anew since.</param>
    public bool Covers(LogWrite write)
    {
        ArgumentNullException.ThrowIfNull(write);
        return write.Batch > 0 && write.Batch <= Batch;
    }

    internal static FlushToken Flush(IDiskFile file, ulong batch)
    {
        if (!Planted.AcknowledgedBeforeFlush)
        {
            file.Flush();
        }

        return new FlushToken(batch);
    }
}
