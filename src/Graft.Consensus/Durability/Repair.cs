namespace Graft.Consensus;

/// <summary>The promises of a node whose log lost entries that it may have acknowledged.</summary>
/// <remarks>
/// <para>
/// Its word may have committed them. Until they are back it never stands, and it votes for nobody who might lack them
/// (Alagappan et al., <em>Protocol-Aware Recovery</em>, FAST'18).
/// </para>
/// <para>
/// If it knows the highest entry it can have acknowledged, a candidate with a log as complete as that has them all. If
/// not, it waits for a leader: one that knows of this life, and so has counted nothing of what was lost since, names its
/// commit index; once that much is here and ends in the leader's own term, every entry committed before is here too.
/// </para>
/// </remarks>
internal sealed class Repair(LostEntries lost)
{
    private Term _heardIn;
    private LogIndex? _commitHeard;

    internal bool Forbids(EntryId candidateLast) =>
        lost.HighestAcknowledged is not { } floor || !candidateLast.IsAtLeastAsUpToDateAs(floor);

    internal void HearCommit(Term term, LogIndex commit)
    {
        if (_commitHeard is null || _heardIn != term)
        {
            (_heardIn, _commitHeard) = (term, commit);
        }
    }

    /// <param name="durableLast">Our last durable entry.</param>
    /// <param name="committed">Our last committed entry, durable too.</param>
    /// <param name="term">Our term.</param>
    internal bool IsDone(EntryId durableLast, EntryId committed, Term term) =>
        lost.HighestAcknowledged is { } floor
            ? durableLast.IsAtLeastAsUpToDateAs(floor)
            : _heardIn == term && _commitHeard <= committed.Index && committed.Term == term;
}
