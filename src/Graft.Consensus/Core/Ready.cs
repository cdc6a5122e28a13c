namespace Graft.Consensus;

/// <summary>Everything that a batch of inputs asks of the host. One per core, reused: valid until the next <see cref="RaftCore.TakeReady"/>.</summary>
/// <remarks>
/// <para>The host's duties, in any order and in parallel except where said:</para>
/// <list type="number">
///   <item>Encode <see cref="OwnEntries"/>, the core's own no-ops and configurations, before anything else: like the
///     entries of a <see cref="Proposal"/> they are among those that are to be sent and persisted, and nobody else has
///     them.</item>
///   <item>Send <see cref="Messages"/> now. They promise nothing that isn't durable: promises stay inside the core until
///     the receipt of the order that they rest on comes back, so there is no list to send too early. Of an append that
///     says <see cref="Message.HostClips"/>, send as much as fits and call <see cref="RaftCore.ReportSent"/>, also if
///     nothing went: until then nothing more is ordered for that follower.</item>
///   <item>Make <see cref="Persist"/> durable after all earlier orders, then call <see cref="RaftCore.Persisted"/>. The
///     sending doesn't wait for it (thesis §10.2.1).</item>
///   <item>Apply the log up to <see cref="Commit"/>; after an <see cref="PersistOrder.Install"/>, restore that snapshot
///     first.</item>
///   <item>Serve each of <see cref="Reads"/> once its index is applied.</item>
///   <item>Fetch or abandon a snapshot as told.</item>
///   <item>If the host has fed the core again meanwhile, as <see cref="RaftCore.Persisted"/> and
///     <see cref="RaftCore.ReportSent"/> do, take the next one, until it <see cref="IsEmpty"/>. Then wait for an input, and
///     call <see cref="RaftCore.Tick"/> once <see cref="RaftCore.NextDeadline"/> has come, which each
///     <see cref="RaftCore.TakeReady"/> sets anew.</item>
/// </list>
/// </remarks>
public sealed class Ready
{
    private Batch<Message> _messages = new();
    private Batch<ReadResult> _reads = new();
    private Batch<OwnEntry> _ownEntries = new();

    internal Ready()
    {
    }

    /// <summary>What to make durable, or null.</summary>
    public PersistOrder? Persist { get; internal set; }

    /// <summary>The terms of the entries that <see cref="Persist"/> appends, in order.</summary>
    public ReadOnlySpan<TermRun> PersistRuns => Runs.Items;

    /// <summary>Entries of <see cref="Persist"/> that the core appended itself.</summary>
    public ReadOnlySpan<OwnEntry> OwnEntries => _ownEntries.Items;

    /// <summary>What to send now.</summary>
    public ReadOnlySpan<Message> Messages => _messages.Items;

    /// <summary>The commit index; entries up to it may be applied. Never falls.</summary>
    public LogIndex Commit { get; internal set; }

    /// <summary>Whether <see cref="Commit"/> is higher than the last time.</summary>
    public bool IsCommitAdvanced { get; internal set; }

    /// <summary>Reads that have ended.</summary>
    public ReadOnlySpan<ReadResult> Reads => _reads.Items;

    /// <summary>What this node is now.</summary>
    public Role Role { get; internal set; }

    /// <summary>The term that it is in.</summary>
    public Term Term { get; internal set; }

    /// <summary>Who leads that term, as far as this node knows; null if it knows of nobody.</summary>
    public NodeId? Leader { get; internal set; }

    /// <summary>Role, term or leader differ from the last time.</summary>
    public bool IsLeadershipChanged { get; internal set; }

    /// <summary>The effective configuration, if it differs from the last time (a truncation can bring an earlier one back).</summary>
    public Membership? MembershipChange { get; internal set; }

    /// <summary>The transfer that this node began has ended so.</summary>
    public TransferResult? Transfer { get; internal set; }

    /// <summary>Fetch this snapshot, from its sender or from anybody who holds it, then call <see cref="RaftCore.SnapshotReceived"/>.</summary>
    public Snapshot? SnapshotToReceive { get; internal set; }

    /// <summary>Who offers <see cref="SnapshotToReceive"/>.</summary>
    public NodeId? SnapshotFrom { get; internal set; }

    /// <summary>Stop fetching this snapshot; what has been received of it may be deleted.</summary>
    public EntryId? SnapshotToAbandon { get; internal set; }

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty =>
        Persist is null && _messages.Count == 0 && !IsCommitAdvanced && _reads.Count == 0 && !IsLeadershipChanged
        && MembershipChange is null && Transfer is null && SnapshotToReceive is null && SnapshotToAbandon is null;

    internal Batch<TermRun> Runs { get; } = new();

    internal void Clear()
    {
        Persist = null;
        Runs.Clear();
        IsCommitAdvanced = false;
        IsLeadershipChanged = false;
        MembershipChange = null;
        Transfer = null;
        SnapshotToReceive = null;
        SnapshotFrom = null;
        SnapshotToAbandon = null;
    }

    /// <summary>Takes what was written since the last time; gives the buffers of the last time back, empty.</summary>
    internal void Exchange(ref Batch<Message> messages, ref Batch<ReadResult> reads, ref Batch<OwnEntry> ownEntries)
    {
        (_messages, messages) = (messages, _messages);
        (_reads, reads) = (reads, _reads);
        (_ownEntries, ownEntries) = (ownEntries, _ownEntries);
        messages.Clear();
        reads.Clear();
        ownEntries.Clear();
    }
}
