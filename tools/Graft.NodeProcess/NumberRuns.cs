using System.Collections.Immutable;

namespace Graft.NodeProcess;

/// <summary>Numbers, as runs without a gap. Which came twice isn't lost.</summary>
internal sealed class NumberRuns
{
    private readonly List<(ulong First, ulong Last)> _runs = [];

    internal NumberRuns(ImmutableArray<(ulong First, ulong Last)> runs, ulong repeats)
    {
        _runs.AddRange(runs);
        Repeats = repeats;
    }

    internal NumberRuns()
    {
    }

    /// <summary>How often a number came that was there already.</summary>
    internal ulong Repeats { get; private set; }

    internal ulong Last => _runs.Count == 0 ? 0 : _runs[^1].Last;

    internal ImmutableArray<(ulong First, ulong Last)> Runs => [.. _runs];

    internal bool Contains(ulong number) => _runs.Exists(run => run.First <= number && number <= run.Last);

    internal void Add(ulong number)
    {
        int at = _runs.Count;
        while (at > 0 && _runs[at - 1].First > number)
        {
            at--;
        }

        if (at > 0 && number <= _runs[at - 1].Last)
        {
            Repeats++;
        }
        else if (at > 0 && _runs[at - 1].Last + 1 == number)
        {
            _runs[at - 1] = (_runs[at - 1].First, number);
        }
        else
        {
            _runs.Insert(at, (number, number));
        }
    }

    public override string ToString() => $"repeats {Repeats} runs {string.Join(' ', _runs.Select(static run => $"{run.First}-{run.Last}"))}";

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    internal static NumberRuns Parse(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new NumberRuns([.. words.Skip(3).Select(ReadRun)], Read(words[1]));

        static (ulong First, ulong Last) ReadRun(string run) => (Read(run[..run.IndexOf('-', StringComparison.Ordinal)]), Read(run[(run.IndexOf('-', StringComparison.Ordinal) + 1)..]));

        static ulong Read(string number) => ulong.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
    }
}
