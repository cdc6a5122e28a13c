namespace Graft.Storage;

/// <summary>How a log's writer works.</summary>
public sealed record LogWriterOptions
{
    /// <summary>
    /// How long the log is idle before the last batch gets its mark. Shorter narrows the window in which rot of the very last
    /// batch goes unseen, and costs a flush each time that the log comes to rest. 50 ms by default.
    /// </summary>
    public TimeSpan IdleMark { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Times the flushes; null if nobody wants to know.</summary>
    public FlushWatch? Watch { get; init; }

    /// <summary>Told once, on the writer's thread, when the log is over.</summary>
    public Action<StorageFailedException>? OnFailed { get; init; }
}
