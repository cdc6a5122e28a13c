namespace Graft.Storage;

/// <summary>What a <see cref="DiskSelfTest"/> found.</summary>
public sealed class DiskSelfTestResult
{
    internal DiskSelfTestResult(string? failure) => Failure = failure;

    /// <summary>True if nothing was found that would make a promise about this directory a lie.</summary>
    public bool Passed => Failure is null;

    /// <summary>A sentence for the operator; null if the test passed.</summary>
    public string? Failure { get; }

    /// <inheritdoc/>
    public override string ToString() => Failure ?? "The data directory writes, flushes, reads back, and reports a flush that fails.";
}
