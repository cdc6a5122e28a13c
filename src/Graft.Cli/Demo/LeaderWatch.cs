using Graft.Consensus;
using Graft.Network;

namespace Graft.Cli;

/// <summary>Turns looks at a cluster into lines that are worth one: who leads, since when nobody does, who has come and gone.</summary>
/// <param name="nameOf">What a node is called.</param>
internal sealed class LeaderWatch(Func<NodeId, string> nameOf)
{
    private readonly SortedSet<NodeId> _down = [];
    private readonly SortedSet<string> _awaited = new(StringComparer.Ordinal);
    private (NodeId Leader, Term Term)? _reign;
    private DateTimeOffset _seen;
    private bool _isLost;

    /// <summary>Who led at the last look that somebody answered; null before.</summary>
    internal NodeId? Leader => _reign?.Leader;

    /// <summary>A node is started again: say when it's back, also if it was away for less time than a look takes to notice.</summary>
    /// <param name="node">Its id, as it says it.</param>
    internal void Await(string node) => _awaited.Add(node);

    /// <param name="now">When it was looked.</param>
    /// <param name="view">What a leader said; null if none has answered.</param>
    internal IEnumerable<string> Look(DateTimeOffset now, MembersView? view)
    {
        if (view is null)
        {
            if (_reign is { } last && !_isLost)
            {
                _isLost = true;
                yield return $"{nameOf(last.Leader)} doesn't answer as leader any more; the others elect one";
            }

            yield break;
        }

        if (_reign != (view.Leader, view.Term))
        {
            string gap = _reign is null ? "" : $"; nobody led for about {Durations.Format(TimeSpan.FromMilliseconds(Math.Round((now - _seen).TotalMilliseconds)))}";
            yield return $"{nameOf(view.Leader)} leads (term {view.Term.Value}{gap})";
        }

        (_reign, _seen, _isLost) = ((view.Leader, view.Term), now, false);
        foreach (MemberView member in view.Members)
        {
            bool isUp = MembersText.IsUp(view, member);
            if (!isUp && member.SilentFor > TimeSpan.Zero && _down.Add(member.Node))
            {
                yield return $"{nameOf(member.Node)} doesn't answer{Left(view)}";
            }
            else if (isUp && member.Lag == 0 && (_down.Remove(member.Node) | _awaited.Remove(member.Node.ToString())))
            {
                yield return $"{nameOf(member.Node)} is back and has caught up{Left(view)}";
            }
        }
    }

    private static string Left(MembersView view) => $" ({ClusterHealth.Of(view)})";
}
