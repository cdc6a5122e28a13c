namespace Graft.NodeProcess;

/// <summary>How a call ended, its retries included.</summary>
internal enum CallOutcome
{
    Done,

    /// <summary>Nothing happened, and nothing of it will.</summary>
    Rejected,

    /// <summary>It may or may not take effect.</summary>
    Unknown,
}
