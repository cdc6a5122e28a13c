namespace Graft.Sqlite;

/// <summary>Statements that are replicated and run as one entry of the log: on every node, at the same place, with the same clock and the same chance.</summary>
/// <param name="Statements">What to run, in order.</param>
public sealed record SqlRequest(IReadOnlyList<SqlStatement> Statements)
{
    /// <summary>What <see cref="StepBudget"/> is unless it's said.</summary>
    public const long DefaultStepBudget = 10_000_000;

    /// <summary>No request has more steps, whatever it says: they hold up every node, and again at each replay.</summary>
    public const long StepBudgetMax = 1_000_000_000;

    /// <summary>What <see cref="AnswerBytesMax"/> is unless it's said.</summary>
    public const int DefaultAnswerBytesMax = 256 * 1024;

    /// <summary>The first error undoes everything and ends the request; otherwise each statement stands by itself, as in SQLite without a transaction.</summary>
    public bool AllOrNothing { get; init; }

    /// <summary>A parameter that no statement takes is an error; otherwise it's ignored, as rqlite does.</summary>
    public bool BindStrictly { get; init; }

    /// <summary>
    /// How many steps of SQLite's virtual machine all statements together may take, at least 1,000 and in effect at most <see cref="StepBudgetMax"/>; rounded up to thousands. It stands for a time limit, which no two nodes would reach
    /// at the same place.
    /// </summary>
    public long StepBudget { get; init; } = DefaultStepBudget;

    /// <summary>A longer answer undoes the request and says so. In bytes, from 256 to 1 MiB, which a larger number means too: answers are kept on every node, for whoever asks again.</summary>
    public int AnswerBytesMax { get; init; } = DefaultAnswerBytesMax;
}
