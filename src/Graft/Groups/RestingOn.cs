using Graft.Consensus;

namespace Graft;

/// <summary>The resting groups that count on one peer.</summary>
/// <param name="life">The peer's, if it's known.</param>
internal sealed class RestingOn(Incarnation life)
{
    /// <summary>Groups that rest because this peer lives.</summary>
    internal HashSet<GroupActor> Present { get; } = [];

    /// <summary>Groups that rest although this peer is gone, and have something for it when it's back.</summary>
    internal HashSet<GroupActor> Absent { get; } = [];

    internal Incarnation Life { get; set; } = life;

    /// <summary>How long the peer may be silent.</summary>
    internal TimeSpan Patience { get; set; }

    internal bool IsEmpty => Present.Count == 0 && Absent.Count == 0;

    internal void Remove(GroupActor group)
    {
        Present.Remove(group);
        Absent.Remove(group);
    }
}
