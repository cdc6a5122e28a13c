namespace Graft.Consensus;

/// <summary>A stretch of the log whose entries share one term: <see cref="First"/> to <see cref="Last"/>, both included.</summary>
public readonly record struct TermRun(Term Term, LogIndex First, LogIndex Last)
{
    public override string ToString() => $"[{First}..{Last}]@{Term}";
}
