namespace Graft.Consensus.Tests.Units;

/// <summary>The runs against the plain list of terms that they stand for.</summary>
public sealed class TermRunsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Runs_answer_like_the_list_of_terms_after_any_history(ulong seed)
    {
        var random = new SeededRandom(seed);
        var runs = new TermRuns(EntryId.Zero);
        var model = new Model();

        for (int step = 0; step < 400; step++)
        {
            Change(runs, model, random);

            runs.CheckInvariants();
            AssertSame(model, runs);
            AskSame(model, runs, random);
        }
    }

    [Fact] // thesis §3.5: the leader of figure 3.6 goes back by whole terms
    public void The_last_entry_at_or_below_a_place_skips_later_terms_at_once()
    {
        TermRuns runs = Runs(1, 1, 1, 4, 4, 5, 5, 6, 6, 6);

        Assert.Equal(EntryId.Of(1, 3), runs.LastAtOrBelow(new LogIndex(10), new Term(3)));
        Assert.Equal(EntryId.Of(4, 5), runs.LastAtOrBelow(new LogIndex(10), new Term(4)));
        Assert.Equal(EntryId.Of(4, 4), runs.LastAtOrBelow(new LogIndex(4), new Term(6)));
        Assert.Equal(EntryId.Zero, runs.LastAtOrBelow(new LogIndex(10), Term.Zero));
    }

    [Fact]
    public void A_lower_term_is_never_appended() =>
        Assert.Throws<InvariantViolationException>(() => Runs(1, 3).Append(new Term(2), 1));

    [Fact]
    public void Entries_of_term_zero_are_never_appended() =>
        Assert.Throws<InvariantViolationException>(() => new TermRuns(EntryId.Zero).Append(Term.Zero, 1));

    [Fact]
    public void The_compacted_part_cannot_be_asked_about_or_truncated()
    {
        TermRuns runs = Runs(1, 1, 2, 2);
        runs.CompactTo(new LogIndex(3));

        Assert.False(runs.Contains(new LogIndex(2)));
        Assert.Throws<InvariantViolationException>(() => runs.TermAt(new LogIndex(2)));
        Assert.Throws<InvariantViolationException>(() => runs.TruncateAfter(new LogIndex(2)));
    }

    [Fact]
    public void The_base_is_an_entry_that_the_log_contains()
    {
        TermRuns runs = Runs(1, 1, 2, 2);
        runs.CompactTo(new LogIndex(3));

        Assert.True(runs.Contains(EntryId.Of(2, 3)));
        Assert.False(runs.Contains(EntryId.Of(1, 3)));
    }

    private static TermRuns Runs(params ulong[] terms)
    {
        var runs = new TermRuns(EntryId.Zero);
        foreach (ulong term in terms)
        {
            runs.Append(new Term(term), 1);
        }

        return runs;
    }

    private static void Change(TermRuns runs, Model model, SeededRandom random)
    {
        ulong span = runs.Last.Index - runs.Base.Index;
        LogIndex somewhere = runs.Base.Index + random.NextBelow(span + 1);
        switch (random.Next(0, 19))
        {
            case 0 when random.Chance(200):
                EntryId start = EntryId.Of(runs.Last.Term.Value + 1, runs.Last.Index.Value + random.NextBelow(5));
                runs.Reset(start);
                model.Reset(start);
                break;
            case 1 or 2:
                runs.CompactTo(somewhere);
                model.CompactTo(somewhere);
                break;
            case 3 or 4 or 5:
                runs.TruncateAfter(somewhere);
                model.TruncateAfter(somewhere);
                break;
            default:
                var term = new Term(Math.Max(1, runs.Last.Term.Value) + random.NextBelow(2));
                ulong count = random.NextBelow(4);
                runs.Append(term, count);
                model.Append(term, count);
                break;
        }
    }

    private static void AssertSame(Model model, TermRuns runs)
    {
        Assert.Equal(model.Base, runs.Base);
        Assert.Equal(model.Last, runs.Last);
        int changes = 0;
        for (LogIndex index = model.Base.Index; index <= model.Last.Index; index = index.Next)
        {
            Assert.Equal(model.TermAt(index), runs.TermAt(index));
            if (index > model.Base.Index)
            {
                TermRun run = runs.RunAt(index);
                Assert.Equal(model.TermAt(index), run.Term);
                Assert.True(run.First <= index && index <= run.Last);
                changes += index == run.First ? 1 : 0;
                Assert.True(run.First == model.Base.Index.Next || model.TermAt(run.First.Previous) != run.Term);
                Assert.True(run.Last == model.Last.Index || model.TermAt(run.Last.Next) != run.Term);
            }
        }

        Assert.Equal(changes, runs.Count);
    }

    private static void AskSame(Model model, TermRuns runs, SeededRandom random)
    {
        ulong span = model.Last.Index - model.Base.Index;
        for (int question = 0; question < 8; question++)
        {
            LogIndex low = model.Base.Index + random.NextBelow(span + 1);
            LogIndex high = low + random.NextBelow(6);
            var term = new Term(random.NextBelow(model.Last.Term.Value + 2));

            Assert.Equal(model.FirstConflict(low, high, term), runs.FirstConflict(low, high, term));
            Assert.Equal(model.LastAtOrBelow(high, term), runs.LastAtOrBelow(high, term));
            Assert.Equal(model.Contains(high, term), runs.Contains(new EntryId(term, high)));
        }
    }

    private sealed class Model
    {
        private readonly List<Term> _terms = [];

        internal EntryId Base { get; private set; }

        internal EntryId Last => _terms.Count == 0 ? Base : new EntryId(_terms[^1], Base.Index + (ulong)_terms.Count);

        internal Term TermAt(LogIndex index) => index == Base.Index ? Base.Term : _terms[(int)(index - Base.Index) - 1];

        internal bool Contains(LogIndex index, Term term) => index <= Last.Index && TermAt(index) == term;

        internal void Append(Term term, ulong count) => _terms.AddRange(Enumerable.Repeat(term, (int)count));

        internal void TruncateAfter(LogIndex last) => _terms.RemoveRange((int)(last - Base.Index), _terms.Count - (int)(last - Base.Index));

        internal void CompactTo(LogIndex index)
        {
            var start = new EntryId(TermAt(index), index);
            _terms.RemoveRange(0, (int)(index - Base.Index));
            Base = start;
        }

        internal void Reset(EntryId start)
        {
            _terms.Clear();
            Base = start;
        }

        internal LogIndex? FirstConflict(LogIndex previous, LogIndex last, Term term)
        {
            for (LogIndex index = previous.Next; index <= LogIndex.Min(last, Last.Index); index = index.Next)
            {
                if (TermAt(index) != term)
                {
                    return index;
                }
            }

            return null;
        }

        internal EntryId LastAtOrBelow(LogIndex limit, Term term)
        {
            for (LogIndex index = LogIndex.Min(limit, Last.Index); index > Base.Index; index = index.Previous)
            {
                if (TermAt(index) <= term)
                {
                    return new EntryId(TermAt(index), index);
                }
            }

            return Base;
        }
    }
}
