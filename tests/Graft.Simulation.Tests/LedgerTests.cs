using Graft.Consensus;
using Graft.Simulation.Core;

namespace Graft.Simulation.Tests;

/// <summary>Forged histories: what the ledger is there for has to be reported, or a silent simulation proves nothing.</summary>
public sealed class LedgerTests
{
    private static readonly NodeId One = new(1);
    private static readonly NodeId Two = new(2);

    private readonly Ledger _ledger = new();

    [Fact]
    public void An_honest_history_passes()
    {
        Propose(Entry(1, 1), Entry(1, 2));

        ApplyAll(One, Entry(1, 1), Entry(1, 2));
        ApplyAll(Two, Entry(1, 1), Entry(1, 2));
        _ledger.NoteCommitted(new LogIndex(2));
        _ledger.NoteAcknowledged(new LogIndex(2));
        Read(floor: 2, index: 2, served: 2);

        Assert.Equal(1, _ledger.Acknowledged);
        Assert.Equal(1, _ledger.ReadsServed);
    }

    [Fact]
    public void Two_leaders_of_one_term_are_reported()
    {
        _ledger.NoteLeader(new Term(3), One, new Incarnation(1));
        _ledger.NoteLeader(new Term(3), One, new Incarnation(1));

        Reports("one leader per term", () => _ledger.NoteLeader(new Term(3), Two, new Incarnation(1)));
        Reports("one leader per term", () => _ledger.NoteLeader(new Term(3), One, new Incarnation(2)));
    }

    [Fact]
    public void A_lost_write_is_reported()
    {
        Propose(Entry(1, 1), Entry(1, 2));
        ApplyAll(One, Entry(1, 1), Entry(1, 2));

        ApplyAll(Two, Entry(1, 1));

        Reports("the same entry at one index", () => Apply(Two, new LogEntry(EntryId.Of(2, 2), 0, 0, null)));
    }

    [Fact]
    public void Another_payload_under_the_same_name_is_reported()
    {
        Propose(Entry(1, 1));
        ApplyAll(One, Entry(1, 1));

        Reports("the same payload at one index", () => Apply(Two, Entry(1, 1) with { Payload = 0 }));
    }

    [Fact]
    public void A_refused_proposal_that_shows_up_is_reported()
    {
        ulong refused = _ledger.NumberPayloads(1);

        Reports("where its proposer was told", () => Apply(One, new LogEntry(EntryId.Of(1, 1), refused, 0, null)));
    }

    [Fact]
    public void A_write_that_shows_up_twice_is_reported()
    {
        Propose(Entry(1, 1));
        ApplyAll(One, Entry(1, 1));

        Reports("where its proposer was told", () => Apply(One, Entry(1, 2) with { Payload = 1 }));
    }

    [Fact]
    public void What_nobody_proposed_is_reported() =>
        Reports("only what was proposed", () => Apply(One, new LogEntry(EntryId.Of(1, 1), 99, 0, null)));

    [Fact]
    public void A_gap_is_reported()
    {
        Propose(Entry(1, 1), Entry(1, 2));

        Reports("without a gap", () => Apply(One, Entry(1, 2)));
    }

    [Fact]
    public void A_stale_read_is_reported()
    {
        _ledger.NoteCommitted(new LogIndex(7));

        Reports("a read sees what was committed", () => Read(floor: 7, index: 6, served: 7));
    }

    [Fact]
    public void A_read_served_before_its_index_is_applied_is_reported() =>
        Reports("once its index is applied", () => Read(floor: 5, index: 7, served: 6));

    [Fact]
    public void An_acknowledgement_of_what_nobody_committed_is_reported() =>
        Reports("what is acknowledged is committed", () => _ledger.NoteAcknowledged(new LogIndex(1)));

    [Fact]
    public void A_diverging_state_is_reported()
    {
        Propose(Entry(1, 1));
        ApplyAll(One, Entry(1, 1));

        Reports("states at one index are equal", () => _ledger.CheckState(Two, new StateImage(new LogIndex(1), 42)));
        Reports("no state is ahead", () => _ledger.CheckState(Two, new StateImage(new LogIndex(2), 42)));
    }

    private static LogEntry Entry(ulong term, ulong index) => new(EntryId.Of(term, index), index, 10, null);

    private static void Reports(string rule, Action forged)
    {
        InvariantViolationException violation = Assert.Throws<InvariantViolationException>(forged);
        Assert.Contains(rule, violation.Message, StringComparison.Ordinal);
    }

    private void Propose(params ReadOnlySpan<LogEntry> entries)
    {
        ulong first = _ledger.NumberPayloads(entries.Length);
        for (int i = 0; i < entries.Length; i++)
        {
            _ledger.NoteProposed(first + (ulong)i, entries[i].Id);
        }
    }

    private void ApplyAll(NodeId node, params ReadOnlySpan<LogEntry> entries)
    {
        foreach (LogEntry entry in entries)
        {
            Apply(node, entry);
        }
    }

    private void Apply(NodeId node, LogEntry entry) => _ledger.NoteApplied(node, entry, isWitness: false);

    private void Read(ulong floor, ulong index, ulong served)
    {
        var read = new OpenRead(new LogIndex(floor), Instant.Never, ReadLevel.Linearizable);
        var result = new ReadResult(new ReadId(1), ReadOutcome.Confirmed, new LogIndex(index), ReadLevel.Linearizable);
        _ledger.NoteRead(One, read, result, new LogIndex(served));
    }
}
