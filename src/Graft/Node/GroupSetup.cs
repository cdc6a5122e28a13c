namespace Graft;

/// <summary>What one group of a node is made of.</summary>
internal sealed record GroupSetup
{
    internal required IStateMachine Machine { get; init; }

    internal required GroupSettings Settings { get; init; }

    internal TimeSpan ElectionTimeout { get; init; } = TimeSpan.FromMilliseconds(500);
}
