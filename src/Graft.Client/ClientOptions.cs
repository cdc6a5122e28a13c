using System.Collections.Immutable;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Client;

/// <summary>Which cluster is called, and how patiently.</summary>
public sealed record ClientOptions
{
    /// <summary>Members to begin with, one at least: any of them will do, and the others are learned from it.</summary>
    public required ImmutableArray<NodeAddress> Seeds { get; init; }

    /// <summary>The cluster that is meant. Zero takes the one that answers first, and no other from then on.</summary>
    public ClusterId Cluster { get; init; }

    /// <summary>The group whose state machine is called; group 1 by default, as of a node that has only one.</summary>
    public GroupId Group { get; init; } = new(1);

    /// <summary>How long a call may take that doesn't say; above zero, at most a day.</summary>
    public TimeSpan DefaultTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one node is waited for before another is asked; a read that has longer is given half of its time. Above zero, at most a day.</summary>
    /// <remarks>Short enough that a leader without a quorum costs a part of the default timeout only.</remarks>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the group remembers this client after it was last heard of: until then an unknown outcome can be settled. A second at least.</summary>
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The first pause between two attempts, above zero; it doubles up to <see cref="BackOffMax"/>, and each is drawn from half to one and a half of it.</summary>
    public TimeSpan BackOffMin { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>What the doubling of the pauses stops at; at least <see cref="BackOffMin"/>.</summary>
    public TimeSpan BackOffMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <exception cref="ArgumentException">An option is out of range; the message says which.</exception>
    internal void Validate()
    {
        Check(!Seeds.IsDefaultOrEmpty, nameof(Seeds), "at least one address");
        Check(DefaultTimeout > TimeSpan.Zero && DefaultTimeout <= GraftClient.TimeoutMax, nameof(DefaultTimeout), "above zero and at most a day");
        Check(AttemptTimeout > TimeSpan.Zero && AttemptTimeout <= GraftClient.TimeoutMax, nameof(AttemptTimeout), "above zero and at most a day");
        Check(SessionLifetime >= TimeSpan.FromSeconds(1), nameof(SessionLifetime), "a second at least");
        Check(BackOffMin > TimeSpan.Zero && BackOffMax >= BackOffMin, nameof(BackOffMin), "above zero and at most BackOffMax");
    }

    private static void Check(bool holds, string name, string expected)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} has to be {expected}.", name);
        }
    }
}
