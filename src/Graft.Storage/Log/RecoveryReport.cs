using System.Collections.Immutable;

namespace Graft.Storage;

/// <summary>What opening a log found.</summary>
public sealed record RecoveryReport
{
    internal static RecoveryReport Empty { get; } = new();

    /// <summary>Each group in the log, by id.</summary>
    public ImmutableArray<RecoveredGroup> Groups { get; init; } = [];

    /// <summary>What an operator should read, a sentence each: a torn tail that was dropped, damage and what it cost.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>Whether the log had been closed in order.</summary>
    public bool WasClean { get; init; }

    /// <summary>Whether anything that may have been acknowledged is missing. Each group says for itself whether it is concerned.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>
    /// Whether groups may be missing from <see cref="Groups"/> altogether: they were born in what is damaged, and nothing behind it
    /// names all groups. A host takes a group that it should have and doesn't find for lost, with nothing known.
    /// </summary>
    public bool MayLackGroups { get; init; }

    /// <summary>Bytes read, checked and believed or not.</summary>
    public long BytesScanned { get; init; }
}
