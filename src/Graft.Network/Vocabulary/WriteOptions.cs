namespace Graft;

/// <summary>How one write is to be made.</summary>
public readonly record struct WriteOptions
{
    /// <summary>How long the whole call may take; the group's default if zero. Afterwards it ends, answered or not.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>The session that the write belongs to, or zero. In none, a write that is sent twice may take effect twice.</summary>
    public ulong Session { get; init; }

    /// <summary>The number of the write in its session: whoever retries says the same. A session remembers 1,024; what is below them isn't carried out, and its outcome is unknown.</summary>
    public ulong Sequence { get; init; }

    /// <summary>Every number below this has been answered to its caller, so that its answer may be forgotten.</summary>
    public ulong AnsweredBelow { get; init; }

    /// <summary>Fail with <see cref="RejectReason.NotLeader"/> instead of passing the write on to the leader.</summary>
    public bool IsLocalOnly { get; init; }
}
