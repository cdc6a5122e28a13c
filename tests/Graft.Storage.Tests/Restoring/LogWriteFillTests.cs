using Graft.Consensus;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Restoring;

public sealed class LogWriteFillTests
{
    private readonly LogWrite _write = new();

    [Fact]
    public void An_order_with_nothing_but_a_vote_is_a_write_with_nothing_but_a_vote()
    {
        var state = new HardState(new Term(3), new NodeId(2), LogIndex.Zero);

        _write.Fill(G, Order(state, null, isReset: false, after: null, first: 6, EntryId.Of(2, 5)), [], new Entries());

        Assert.Equal(state, _write.HardState);
        Assert.Equal(G, _write.Group);
        Assert.Equal(0, _write.Count);
        Assert.Null(_write.Start);
        Assert.Null(_write.TruncateAfter);
    }

    [Fact]
    public void A_conflict_is_a_truncation_and_the_entries_by_index_and_term()
    {
        _write.Fill(
            G,
            Order(null, null, isReset: false, after: 4, first: 5, EntryId.Of(3, 7)),
            [Run(2, 5, 5), Run(3, 6, 7)],
            new Entries());

        Assert.Equal(new LogIndex(4), _write.TruncateAfter);
        Assert.Equal(
            [EntryId.Of(2, 5), EntryId.Of(3, 6), EntryId.Of(3, 7)],
            _write.Entries.ToArray().Select(entry => entry.Id));
        Assert.True(_write.Entries[2].IsIntact);
    }

    [Fact]
    public void An_installed_snapshot_that_replaces_the_log_is_a_reset_start_with_its_configuration()
    {
        var snapshot = new Snapshot(EntryId.Of(4, 20), Membership.Of(1, 2, 3), new LogIndex(9));

        _write.Fill(G, Order(null, snapshot, isReset: true, after: 12, first: 21, EntryId.Of(4, 21)), [Run(4, 21, 21)], new Entries());

        LogStart start = Assert.NotNull(_write.Start);
        Assert.True(_write.IsReset);
        Assert.Equal((snapshot.Last, snapshot.MembershipIndex), (start.At, start.MembershipIndex));
        Assert.True(MembershipCodec.TryRead(start.Membership.Span, out Membership membership, out _));
        Assert.Equal(snapshot.Membership, membership);
        Assert.Null(_write.TruncateAfter);
        Assert.Equal(1, _write.Count);
    }

    [Fact]
    public void An_installed_snapshot_that_the_log_holds_leaves_the_log_alone()
    {
        var snapshot = new Snapshot(EntryId.Of(4, 20), Membership.Of(1), new LogIndex(9));

        _write.Fill(G, Order(null, snapshot, isReset: false, after: null, first: 24, EntryId.Of(4, 23)), [], new Entries());

        Assert.Null(_write.Start);
        Assert.False(_write.IsReset);
    }

    [Fact]
    public void Nothing_of_an_earlier_order_is_left_in_a_write_that_is_filled_again()
    {
        _write.Fill(G, Order(default(HardState), null, isReset: false, after: 4, first: 5, EntryId.Of(2, 5)), [Run(2, 5, 5)], new Entries());
        _write.Lost = new LostEntries(null);

        _write.Fill(new GroupId(9), Order(null, null, isReset: false, after: null, first: 6, EntryId.Of(2, 5)), [], new Entries());

        Assert.Equal((0, null, null, null), (_write.Count, _write.HardState, _write.TruncateAfter, _write.Lost));
    }

    [Fact]
    public void Another_entry_than_the_one_asked_for_is_refused() =>
        Assert.Throws<ArgumentException>(() => _write.Fill(
            G, Order(null, null, isReset: false, after: null, first: 5, EntryId.Of(2, 5)), [Run(2, 5, 5)], new Entries(wrongTerm: true)));

    [Fact]
    public void Runs_that_are_not_the_orders_are_refused()
    {
        PersistOrder order = Order(null, null, isReset: false, after: null, first: 5, EntryId.Of(2, 8));

        Assert.Throws<ArgumentException>(() => _write.Fill(G, order, [Run(2, 5, 7)], new Entries()));
        Assert.Throws<ArgumentException>(() => _write.Fill(G, order, [Run(2, 6, 8)], new Entries()));
        Assert.Throws<ArgumentException>(() => _write.Fill(G, order, [], new Entries()));
    }

    private static PersistOrder Order(HardState? state, Snapshot? install, bool isReset, ulong? after, ulong first, EntryId last) =>
        new(1, state, install, isReset, after is { } index ? new LogIndex(index) : null, new LogIndex(first), last);

    private static TermRun Run(ulong term, ulong first, ulong last) => new(new Term(term), new LogIndex(first), new LogIndex(last));

    private sealed class Entries(bool wrongTerm = false) : IEntrySource
    {
        public StoredEntry Find(GroupId group, EntryId id) => Entry(id.Term.Value + (wrongTerm ? 1UL : 0), id.Index.Value);
    }
}
