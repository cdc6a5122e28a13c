using System.Collections.Immutable;
using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>A node at one moment: whether it lives, and its groups.</summary>
public sealed record NodeStatus
{
    /// <summary>Which node.</summary>
    public required NodeId Node { get; init; }

    /// <summary>The cluster that it belongs to.</summary>
    public required ClusterId Cluster { get; init; }

    /// <summary>Where others reach it: the address that it advertises, or else the one where it listens.</summary>
    public required NodeAddress Address { get; init; }

    /// <summary>Why the node can't go on (<see cref="GraftNode.Failed"/>); null while it can.</summary>
    public required Exception? Failure { get; init; }

    /// <summary>Its groups, in the order of their ids.</summary>
    public required ImmutableArray<GroupStatus> Groups { get; init; }

    /// <summary>Whether the node can serve each of its groups (<see cref="GroupStatus.IsReady"/>).</summary>
    public bool IsReady => Failure is null && !Groups.IsEmpty && Groups.All(static group => group.IsReady);

    /// <summary>What is wrong and what to do, the most urgent first; and who leads each group: a line for each. For people: the wording may change.</summary>
    public string Explain()
    {
        IEnumerable<string> groups = Groups.Select(static group => $"{group.Group}: {group.Explain()}");
        return string.Join(Environment.NewLine, Failure is { } failure ? groups.Prepend(StatusText.Of(Node, failure)) : groups);
    }
}
