using Graft.Storage;

namespace Graft.Server;

/// <summary>What a server is set upon. The machine's disk and SQLite in production.</summary>
internal sealed record ServerSeams
{
    /// <summary>Where the node keeps its log and its snapshots; the data directory if null.</summary>
    internal IDisk? Disk { get; init; }

    /// <summary>Makes the state machine.</summary>
    internal required Func<IStateMachine> Machine { get; init; }

    /// <summary>Makes the database of a group.</summary>
    internal required Func<GraftGroup, ISqlDatabase> Database { get; init; }
}
