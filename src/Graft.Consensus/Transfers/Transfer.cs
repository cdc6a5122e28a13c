namespace Graft.Consensus;

/// <summary>A transfer of leadership in progress. It belongs to the leadership that began it and ends with it.</summary>
internal sealed class Transfer
{
    internal Transfer(NodeId target, Instant deadline, bool isForStalledDisk)
    {
        Target = target;
        Deadline = deadline;
        IsForStalledDisk = isForStalledDisk;
    }

    internal NodeId Target { get; }

    internal Instant Deadline { get; }

    internal bool IsForStalledDisk { get; }

    /// <summary>TimeoutNow has left at least once.</summary>
    internal bool IsSent { get; set; }
}
