namespace Graft;

/// <summary>What the session table says of a numbered command that is about to be applied.</summary>
internal enum SessionVerdict
{
    /// <summary>It's new: apply it.</summary>
    Apply,

    /// <summary>It was applied before: answer what was answered then.</summary>
    Answered,

    /// <summary>Its number is below what the session remembers: answered, as its caller said, or too old to tell.</summary>
    Forgotten,

    /// <summary>It was fenced off.</summary>
    Fenced,

    /// <summary>The session is unknown: expired, closed, or never opened.</summary>
    Expired,

    /// <summary>It was applied, and its answer was too large to keep.</summary>
    TooLarge,
}
