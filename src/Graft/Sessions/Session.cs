namespace Graft;

/// <summary>One session as every node of the group knows it.</summary>
/// <param name="id">The index of the entry that opened it.</param>
/// <param name="lifetime">How long it may be idle, in units of 100 ns.</param>
internal sealed class Session(ulong id, long lifetime)
{
    internal ulong Id { get; } = id;

    internal long Lifetime { get; } = lifetime;

    /// <summary>The session clock when something of it was last applied.</summary>
    internal long LastUsed { get; set; }

    /// <summary>When the session clock is past this, it's over.</summary>
    internal long Expires => LastUsed > long.MaxValue - Lifetime ? long.MaxValue : LastUsed + Lifetime;

    /// <summary>Numbers below this are answered, and their answers forgotten.</summary>
    internal ulong Floor { get; set; }

    /// <summary>What was answered to the numbers from the floor on. A fenced one is here too, without an answer.</summary>
    internal SortedDictionary<ulong, SessionAnswer> Answers { get; } = [];

    internal long AnswerBytes { get; set; }
}
