namespace Graft.Consensus;

/// <summary>Refuses a restored state that no crash of a correct host can have left.</summary>
internal static class RestoredStateCheck
{
    internal static void ThrowIfInvalid(RestoredState restored)
    {
        Require(
            restored.LogStart == EntryId.Zero || restored.Snapshot is { } covering && covering.Last.Index >= restored.LogStart.Index,
            $"The log starts behind {restored.LogStart}, but no snapshot covers what lies before.");
        EntryId last = restored.LogStart;
        foreach (TermRun run in restored.Log)
        {
            Require(
                run.First == last.Index.Next && run.Last >= run.First && run.Term >= last.Term && run.Term > Term.Zero,
                $"The run {run} doesn't continue the log that ends at {last}.");
            last = new EntryId(run.Term, run.Last);
        }

        // A snapshot is stored by itself, and may get durable before the term that its last entries came in.
        Term term = restored.Snapshot is { } snapshot && snapshot.Last.Term > restored.HardState.Term ? snapshot.Last.Term : restored.HardState.Term;
        Require(
            term >= last.Term,
            $"The stored term {restored.HardState.Term} is below the last entry {last}: the log was written before the term.");
        LogIndex reached = LogIndex.Max(last.Index, restored.Snapshot?.Last.Index ?? LogIndex.Zero);
        Require(
            restored.HardState.Log != LogKind.Undecided || reached <= new LogIndex(1),
            $"The log reaches {reached}, but the hard state doesn't say whether it has payloads.");
        LogIndex previous = restored.MembershipAtStart.Index;
        Require(previous <= restored.LogStart.Index, $"The configuration at the log's start was appended at {previous}, above it.");
        foreach ((LogIndex index, Membership membership) in restored.Memberships)
        {
            Require(
                index > previous && index > restored.LogStart.Index && index <= last.Index,
                $"The configuration at {index} isn't in the log ({restored.LogStart.Index}..{last.Index}] or out of order.");
            Require(membership.IncomingVoters.Length > 0, $"The configuration at {index} has no voters.");
            Require(membership.Members.Length <= Membership.MembersMax, $"The configuration at {index} has more than {Membership.MembersMax} members.");
            previous = index;
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message, paramName: null);
        }
    }
}
