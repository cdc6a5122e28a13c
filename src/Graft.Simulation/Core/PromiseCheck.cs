using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>Crash after any outgoing message: what it claimed must still be true of what is on the disk.</summary>
/// <remarks>
/// The most valuable property of the whole simulator; some fifteen bugs of the field break it and nothing else. The crash
/// may keep any prefix of the pending writes, so a claim has to hold of every such prefix: a truncation that has reached
/// the disk without what follows it takes an acknowledged entry back.
/// </remarks>
public static class PromiseCheck
{
    /// <param name="message">About to leave.</param>
    /// <param name="core">Its sender.</param>
    /// <param name="disk">Its sender's disk, with this turn's write already pending.</param>
    /// <exception cref="InvariantViolationException">A crash at this moment would make a liar of the sender.</exception>
    public static void Check(in Message message, RaftCore core, CoreDisk disk)
    {
        ArgumentNullException.ThrowIfNull(core);
        ArgumentNullException.ThrowIfNull(disk);
        if (message.Kind is not (MessageKind.PreVote or MessageKind.PreVoteReply))
        {
            Invariant.Check(disk.HardState.Term >= message.Term, disk.HardState, message);
        }

        if (core.Term > message.Term)
        {
            // Written in an earlier term, in which a crash would have kept it true; what the newer one overwrites is no lie.
            return;
        }

        switch (message.Kind)
        {
            case MessageKind.RequestVote:
                CheckVote(message, message.From, disk);
                CheckOffer(message, core, disk);
                break;
            case MessageKind.PreVote:
                CheckOffer(message, core, disk);
                break;
            case MessageKind.RequestVoteReply when message.IsGranted:
                CheckVote(message, message.To, disk);
                break;
            case MessageKind.AppendEntriesReply when message.IsGranted && message.Last > LogIndex.Zero:
                Term? term = core.Log.Contains(message.Last) ? core.Log.TermAt(message.Last) : null;
                CheckHolds(message, new EntryId(term ?? Term.Zero, message.Last), disk);
                break;
        }
    }

    // A campaign that ended within its own batch of inputs offers nothing any more: its answers will find no candidate.
    private static void CheckOffer(in Message message, RaftCore core, CoreDisk disk)
    {
        if (core.Role is Role.PreCandidate or Role.Candidate)
        {
            CheckHolds(message, message.LastEntry, disk);
        }
    }

    private static void CheckVote(in Message message, NodeId candidate, CoreDisk disk) =>
        Invariant.Check(
            disk.HardState.Term > message.Term || disk.HardState.VotedFor == candidate, disk.HardState, message);

    private static void CheckHolds(in Message message, EntryId entry, CoreDisk disk)
    {
        if (entry.Index == LogIndex.Zero || entry.Index <= (disk.Snapshot?.Snapshot.Last.Index ?? LogIndex.Zero))
        {
            return;
        }

        Invariant.Check(disk.Last.Index >= entry.Index, disk.Last, message);
        bool isKnown = entry.Term != Term.Zero && disk.Find(entry.Index) is not null;
        Invariant.Check(!isKnown || disk.Find(entry.Index)!.Value.Id == entry, disk.Find(entry.Index), message);
        foreach (DiskWrite write in disk.Pending)
        {
            Invariant.Check(write.Order.Last.Index >= entry.Index, write.Order, message);
        }
    }
}
