using System.Collections.Immutable;
using Graft.Network;
using Microsoft.Extensions.Logging;

namespace Graft.Cli;

/// <summary>What a node is started with.</summary>
internal sealed record NodeStart
{
    internal required NodeAddress Listen { get; init; }

    internal NodeAddress? Advertised { get; init; }

    internal required string Data { get; init; }

    /// <summary>Found a cluster, if the data directory is empty; otherwise join whoever answers at <see cref="Join"/>.</summary>
    internal bool Found { get; init; }

    /// <summary>Found it although a cluster takes this address for one of its members.</summary>
    internal bool ForceNew { get; init; }

    internal ImmutableArray<NodeAddress> Join { get; init; } = [];

    internal MemberKind JoinAs { get; init; } = MemberKind.Voter;

    /// <summary>The default of the node if left out.</summary>
    internal TimeSpan? ElectionTimeout { get; init; }

    /// <summary>What people call it.</summary>
    internal string? Name { get; init; }

    /// <summary>Listen where other machines reach it, although whoever does may do anything.</summary>
    internal bool AllowsAnybody { get; init; }

    internal ILoggerFactory? Loggers { get; init; }

    internal IProgress<CatchUpProgress>? Progress { get; init; }

    /// <summary>Who founds and who joins: whoever is its own peer begins a cluster, as it has always been.</summary>
    /// <param name="listen">Where the node is to listen.</param>
    /// <param name="seeds">The peers that were named.</param>
    /// <param name="isFounder">Whether it was said in so many words.</param>
    internal static (bool Found, ImmutableArray<NodeAddress> Join) Decide(NodeAddress listen, ImmutableArray<NodeAddress> seeds, bool isFounder) =>
        isFounder || seeds[0] == listen ? (true, []) : (false, seeds.Remove(listen));

    /// <summary>Where a node keeps its data if nobody says: a directory of its own below the working directory.</summary>
    internal static string DefaultData(NodeAddress listen) =>
        Path.Join("graft-data", listen.ToString().Replace(':', '-').Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal));
}
