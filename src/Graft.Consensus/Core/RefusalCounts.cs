namespace Graft.Consensus;

/// <summary>How many messages were refused for which reason, and whose was the last: the first question of a diagnosis.</summary>
/// <remarks><see cref="StepOutcome.Stale"/> is routine and grows in every healthy cluster; the others deserve a look.</remarks>
internal sealed class RefusalCounts
{
    private readonly ulong[] _counts = new ulong[(int)StepOutcome.Stopped + 1];
    private readonly NodeId[] _lastFrom = new NodeId[(int)StepOutcome.Stopped + 1];

    internal void Note(StepOutcome outcome, NodeId from)
    {
        _counts[(int)outcome]++;
        _lastFrom[(int)outcome] = from;
    }

    internal List<RefusalCount> ToList()
    {
        var list = new List<RefusalCount>();
        for (int i = 1; i < _counts.Length; i++)
        {
            if (_counts[i] > 0)
            {
                list.Add(new RefusalCount((StepOutcome)i, _counts[i], _lastFrom[i]));
            }
        }

        return list;
    }
}
