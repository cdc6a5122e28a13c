namespace Graft;

/// <summary>What is known of a number's answer. The values are in snapshots and rows.</summary>
internal enum AnswerFate : byte
{
    Kept = 0,

    /// <summary>It was never applied and never will be.</summary>
    Fenced = 1,

    /// <summary>It was applied, and its answer was too large to keep.</summary>
    TooLarge = 2,
}
