namespace Graft.Consensus;

/// <summary>One message between two cores. A value: sending and receiving allocate nothing.</summary>
/// <remarks>
/// <para>
/// Every message says whom it is for and in which lives of both nodes it was written: it acts only if cluster, receiver
/// and incarnations match, and a reply names the request that it answers (<see cref="Sequence"/>, <see cref="Round"/>).
/// "A late answer to an older attempt" is a dozen bugs of the field; here it is dropped in one place.
/// </para>
/// <para>
/// A range of entries has one term. Histories with many terms take one message per term, pipelined; in exchange the
/// consistency check is a comparison of two runs, and a message has a fixed size.
/// </para>
/// <para>Which kinds use which fields:</para>
/// <code>
/// PreVote, RequestVote     Term (asked for), Entry (the candidate's last), Sequence (campaign), Transfer
/// PreVoteReply, ...Reply   Term, Granted, Reason, Sequence
/// AppendEntries            Term, Entry (before the range), Last, EntriesTerm, Commit, Round, Sequence, Bytes, Membership
/// AppendEntriesReply       Term, Granted: Last (durable and matching); else Entry (hint), Last (refused previous); Round, Sequence
/// Heartbeat                Term, Commit (capped by what the receiver has acknowledged), Round, Rest
/// HeartbeatReply           Term, Round (none: a follower that rested is awake), Rest
/// InstallSnapshot          Term, Snapshot, Round
/// InstallSnapshotReply     Term, Reason, Entry (the snapshot's last), Bytes (received so far), Round
/// TimeoutNow               Term, Last (the leader's last)
/// ReadIndex                Term, Sequence (the asker's batch), Lease
/// ReadIndexReply           Term, Granted: Last (read index), Commit; else Reason; Sequence, Lease (if used)
/// </code>
/// </remarks>
public readonly record struct Message
{
    /// <summary>What it is.</summary>
    public required MessageKind Kind { get; init; }

    /// <summary>What else it says.</summary>
    public MessageFlags Flags { get; init; }

    /// <summary>In a reply, why it isn't the one that was hoped for.</summary>
    public MessageReason Reason { get; init; }

    /// <summary>The cluster of both nodes.</summary>
    public required ClusterId Cluster { get; init; }

    /// <summary>The sender.</summary>
    public required NodeId From { get; init; }

    /// <summary>The receiver.</summary>
    public required NodeId To { get; init; }

    /// <summary>The sender's start.</summary>
    public required Incarnation FromIncarnation { get; init; }

    /// <summary>The receiver's start as the sender knows it; <see cref="Incarnation.Unknown"/> if it doesn't matter yet.</summary>
    public Incarnation ToIncarnation { get; init; }

    /// <summary>The sender's term; in PreVote and RequestVote, and in a granted PreVoteReply, the term asked for.</summary>
    public required Term Term { get; init; }

    /// <summary>The entry that the message argues with; see the table.</summary>
    public EntryId Entry { get; init; }

    /// <summary>An index; see the table.</summary>
    public LogIndex Last { get; init; }

    /// <summary>The term of every entry in the range of an AppendEntries.</summary>
    public Term EntriesTerm { get; init; }

    /// <summary>The leader's commit index.</summary>
    public LogIndex Commit { get; init; }

    /// <summary>Which of the leader's rounds this message or answer belongs to: rounds confirm reads and leases.</summary>
    public ulong Round { get; init; }

    /// <summary>Never used twice by one life of the sender: a reply names what it answers.</summary>
    public ulong Sequence { get; init; }

    /// <summary>Encoded size of the range, or the byte limit if the host clips; received bytes of a snapshot.</summary>
    public long Bytes { get; init; }

    /// <summary>If the entry at <see cref="Last"/> of an AppendEntries is a configuration: its content. A range ends at one.</summary>
    public Membership? Membership { get; init; }

    /// <summary>In an InstallSnapshot, what is offered.</summary>
    public Snapshot? Snapshot { get; init; }

    /// <summary>The entry before the range of an AppendEntries (prevLogIndex, prevLogTerm).</summary>
    public EntryId Previous => Entry;

    /// <summary>The last entry of a candidate's log (lastLogIndex, lastLogTerm).</summary>
    public EntryId LastEntry => Entry;

    /// <summary>Where a follower that refused an append may agree with the leader.</summary>
    public EntryId Hint => Entry;

    /// <summary>Whether <see cref="MessageFlags.Granted"/> is set.</summary>
    public bool IsGranted => (Flags & MessageFlags.Granted) != 0;

    /// <summary>Whether <see cref="MessageFlags.Transfer"/> is set.</summary>
    public bool IsTransfer => (Flags & MessageFlags.Transfer) != 0;

    /// <summary>Whether <see cref="MessageFlags.HostClips"/> is set.</summary>
    public bool HostClips => (Flags & MessageFlags.HostClips) != 0;

    /// <summary>Whether <see cref="MessageFlags.HeadersOnly"/> is set.</summary>
    public bool HeadersOnly => (Flags & MessageFlags.HeadersOnly) != 0;

    /// <summary>Whether <see cref="MessageFlags.Rest"/> is set.</summary>
    public bool IsRest => (Flags & MessageFlags.Rest) != 0;

    /// <summary>Whether <see cref="MessageFlags.Lease"/> is set.</summary>
    public bool TakesLease => (Flags & MessageFlags.Lease) != 0;

    /// <summary>How many entries the range of an AppendEntries has.</summary>
    public ulong EntryCount => Last > Entry.Index ? Last - Entry.Index : 0;

    /// <summary>The same append with its range cut at <paramref name="last"/>, as a host does that clips to the byte limit.</summary>
    public Message ClippedTo(LogIndex last, long bytes)
    {
        Invariant.Check(Kind == MessageKind.AppendEntries);
        Invariant.Check(last > Entry.Index, last, Entry);
        Invariant.Check(last <= Last, last, Last);
        return this with { Last = last, Bytes = bytes, Membership = last == Last ? Membership : null };
    }

    public override string ToString() => MessageText.Of(this);
}
