namespace Graft.Consensus;

/// <summary>Whether a message can have been written by a core at all.</summary>
/// <remarks>
/// The border of the core. Behind it, handlers may rely on what is checked here, and on nothing else that a peer says.
/// </remarks>
internal static class MessageCheck
{
    internal static bool IsWellFormed(in Message m, ulong numberLimit, ulong entriesLimit) =>
        m.FromIncarnation != Incarnation.Unknown
        && m.Term.Value is > 0 && m.Term.Value < numberLimit
        && m.Entry.Term.Value < numberLimit
        && m.Entry.Index.Value < numberLimit
        && m.Last.Value < numberLimit
        && m.Commit.Value < numberLimit
        && m.EntriesTerm.Value < numberLimit
        && m.Bytes >= 0
        && (m.Snapshot is null) == (m.Kind != MessageKind.InstallSnapshot)
        && (m.Membership is null || m.Kind == MessageKind.AppendEntries)
        && IsKindWellFormed(m, entriesLimit);

    private static bool IsKindWellFormed(in Message m, ulong entriesLimit) => m.Kind switch
    {
        // A candidate's log can't hold entries of the term that it only asks for.
        MessageKind.PreVote or MessageKind.RequestVote => m.LastEntry.Term < m.Term && IsPlace(m.LastEntry),
        MessageKind.AppendEntries => IsPlace(m.Previous) && m.Previous.Term <= m.Term && IsRange(m, entriesLimit),
        MessageKind.AppendEntriesReply => m.IsGranted || (IsPlace(m.Hint) && m.Hint.Index <= m.Last),
        MessageKind.InstallSnapshot => IsSnapshot(m.Snapshot!, m),
        MessageKind.InstallSnapshotReply => IsPlace(m.Entry),

        // Reads that wait for their question to be asked carry no number yet: an answer without one would be theirs.
        MessageKind.ReadIndex or MessageKind.ReadIndexReply => m.Sequence > 0,
        MessageKind.None => false,
        _ => m.Kind < MessageKind.ReadIndex,
    };

    private static bool IsRange(in Message m, ulong entriesLimit)
    {
        if (m.Last < m.Previous.Index || m.EntryCount > entriesLimit)
        {
            return false;
        }

        return m.EntryCount == 0
            ? m.Membership is null
            : m.EntriesTerm >= m.Previous.Term && m.EntriesTerm <= m.Term && m.EntriesTerm > Term.Zero
                && (m.Membership is null || IsRuling(m.Membership));
    }

    private static bool IsSnapshot(Snapshot snapshot, in Message m) =>
        snapshot.Last.Index > LogIndex.Zero
        && snapshot.Last.Index.Value < ulong.MaxValue / 4
        && IsPlace(snapshot.Last)
        && snapshot.Last.Term <= m.Term
        && snapshot.MembershipIndex <= snapshot.Last.Index
        && snapshot.Bytes >= 0
        && snapshot.Membership is not null
        && IsRuling(snapshot.Membership);

    private static bool IsRuling(Membership membership) =>
        membership.IncomingVoters.Length > 0 && membership.Members.Length <= Membership.MembersMax;

    // Index zero is the place before the first entry and has no term; every other place has one.
    private static bool IsPlace(EntryId entry) => (entry.Index == LogIndex.Zero) == (entry.Term == Term.Zero);
}
