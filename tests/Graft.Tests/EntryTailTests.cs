using Graft.Consensus;
using Graft.Storage;

namespace Graft.Tests;

public sealed class EntryTailTests
{
    [Fact]
    public void Bytes_go_back_when_their_last_entry_is_let_go()
    {
        EntryTail tail = new(LogIndex.Zero);
        var owner = new Owner();
        tail.Append(Entries(1, 1, 3, size: 200_000), owner);

        tail.Trim(new LogIndex(2), new LogIndex(2), new LogIndex(2), batch: 0);
        Assert.Equal(0, owner.Released);

        tail.Append(Entries(1, 4, 5, size: 200_000), null);
        tail.Trim(new LogIndex(3), new LogIndex(3), new LogIndex(3), batch: 0);
        Assert.Equal(1, owner.Released);
        Assert.False(tail.TryGet(new LogIndex(3), out _));
    }

    [Fact]
    public void Truncated_bytes_stay_until_the_disk_and_the_state_machine_are_through_with_them()
    {
        EntryTail tail = new(LogIndex.Zero);
        var kept = new Owner();
        var cut = new Owner();
        tail.Append(Entries(1, 1, 2), kept);
        tail.Append(Entries(1, 3, 4), cut);

        tail.Truncate(new LogIndex(2), write: 7, batch: 3);
        tail.Settle(write: 7, batch: 2);
        tail.Settle(write: 6, batch: 3);
        Assert.Equal(0, cut.Released);

        tail.Settle(write: 7, batch: 3);
        Assert.Equal(1, cut.Released);
        Assert.Equal(0, kept.Released);
    }

    [Fact]
    public void An_owner_cut_in_two_lives_for_its_first_part()
    {
        EntryTail tail = new(LogIndex.Zero);
        var owner = new Owner();
        tail.Append(Entries(1, 1, 4), owner);

        tail.Truncate(new LogIndex(2), write: 1, batch: 0);
        tail.Settle(write: 1, batch: 0);
        tail.Append(Entries(2, 3, 3), null);

        Assert.Equal(0, owner.Released);
        Assert.True(tail.TryGet(new LogIndex(3), out StoredEntry entry));
        Assert.Equal(EntryId.Of(2, 3), entry.Id);
    }

    [Fact]
    public void A_reset_lets_everything_go_once_nobody_looks_at_it()
    {
        EntryTail tail = new(LogIndex.Zero);
        var first = new Owner();
        var second = new Owner();
        tail.Append(Entries(1, 1, 2), first);
        tail.Append(Entries(1, 3, 4), second);

        tail.Reset(new LogIndex(100), write: 2, batch: 1);
        Assert.Equal(new LogIndex(100), tail.End);
        Assert.Equal(0, first.Released + second.Released);

        tail.Settle(write: 2, batch: 1);
        Assert.Equal((1, 1), (first.Released, second.Released));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_holds_what_a_list_would_hold_and_gives_each_owner_back_once(ulong seed)
    {
        var random = new SeededRandom(seed);
        EntryTail tail = new(LogIndex.Zero);
        List<StoredEntry> model = [];
        List<Owner> owners = [];
        ulong term = 1;
        for (ulong step = 1; step <= 3000; step++)
        {
            switch (random.Next(0, 5))
            {
                case 0 when model.Count > 0:
                    term++;
                    var last = new LogIndex(model[^1].Id.Index.Value - random.NextBelow((ulong)model.Count));
                    tail.Truncate(last, step, step);
                    model.RemoveAll(entry => entry.Id.Index > last);
                    break;
                case 1 when model.Count > 0:
                    LogIndex through = model[random.Next(0, model.Count - 1)].Id.Index;
                    tail.Trim(through, through, through, batch: 0);
                    model.RemoveAll(entry => entry.Id.Index <= tail.Start);
                    break;
                case 2:
                    tail.Settle(step, step);
                    break;
                default:
                    StoredEntry[] entries = Entries(term, tail.End.Value + 1, tail.End.Value + (ulong)random.Next(1, 9), size: random.Next(0, 9000));
                    owners.Add(new Owner());
                    tail.Append(entries, owners[^1]);
                    model.AddRange(entries);
                    break;
            }

            foreach (StoredEntry entry in model)
            {
                Assert.True(tail.TryGet(entry.Id.Index, out StoredEntry found));
                Assert.Equal(entry.Id, found.Id);
            }
        }

        tail.Reset(tail.End, ulong.MaxValue, ulong.MaxValue);
        tail.Settle(ulong.MaxValue, ulong.MaxValue);
        Assert.All(owners, owner => Assert.Equal(1, owner.Released));
    }

    private static StoredEntry[] Entries(ulong term, ulong first, ulong last, int size = 10)
    {
        var entries = new StoredEntry[last - first + 1];
        for (ulong index = first; index <= last; index++)
        {
            entries[index - first] = StoredEntry.Born(EntryId.Of(term, index), EntryKind.Command, new byte[size]);
        }

        return entries;
    }

    private sealed class Owner : IEntryOwner
    {
        internal int Released { get; private set; }

        public void Release() => Released++;
    }
}
