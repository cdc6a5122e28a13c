using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What a full disk has refused, and what may go to disk before it comes again: one rule for whoever writes a log.</summary>
/// <remarks>
/// <para>
/// Behind a write that was refused the writes of its group wait, and are answered as it was, until it comes again: an entry would leave a
/// gap, and hard state would be taken back by the older one that comes behind it. Early hard state would be of no use either:
/// the core lets no promise leave whose receipt comes ahead of an earlier order's (docs/internals/protocol.md, "Durability").
/// </para>
/// <para>
/// A compaction goes ahead if it ends below all that the group's refused writes touch. It changes nothing for them, no promise rests on
/// it, and it is what gives the space back that they wait for.
/// </para>
/// <para>Belongs to one thread.</para>
/// </remarks>
public sealed class RefusedWrites
{
    private readonly SortedDictionary<GroupId, (LogWrite First, LogIndex Untouched)> _groups = [];

    /// <summary>
    /// Whether a write has to wait for one of its group that was refused. To be asked before each is staged; one that was refused
    /// first comes again by being asked for.
    /// </summary>
    public bool MustWait(LogWrite write)
    {
        ArgumentNullException.ThrowIfNull(write);
        if (_groups.Count == 0 || !_groups.TryGetValue(write.Group, out (LogWrite First, LogIndex Untouched) refused))
        {
            return false;
        }

        if (refused.First == write)
        {
            _groups.Remove(write.Group);
            return false;
        }

        if (write.CompactsThrough is { } through && through <= refused.Untouched)
        {
            return false;
        }

        Note(write);
        return true;
    }

    /// <summary>The log had no room for a write.</summary>
    public void Note(LogWrite write)
    {
        ArgumentNullException.ThrowIfNull(write);
        _groups[write.Group] = _groups.TryGetValue(write.Group, out (LogWrite First, LogIndex Untouched) refused)
            ? (refused.First, LogIndex.Min(refused.Untouched, write.LeavesThrough))
            : (write, write.LeavesThrough);
    }
}
