namespace Graft.Simulation.Storage;

/// <summary>How a seed of the log is run.</summary>
public sealed class LogRunSettings
{
    /// <summary>Whether some of the seeds damage the medium too. The same seed has another history then.</summary>
    public bool AllowsRot { get; init; }

    /// <summary>Whether in some of the other seeds writes are lost or land in another place. The same seed has another history then.</summary>
    public bool AllowsFalseWrites { get; init; }

    /// <summary>Takes the trace, line by line, and puts the last calls into the report of a failure; null for neither, which is faster.</summary>
    public Action<string>? Trace { get; init; }
}
