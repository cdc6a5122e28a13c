namespace Graft.Consensus;

/// <summary>The configurations that the log holds, oldest first, above the one that its base stands for.</summary>
/// <remarks>
/// The effective configuration is a function of the log (thesis §4.1): the last one appended, committed or not. Appending
/// and truncating are therefore all there is to do; nothing is cached beside it.
/// </remarks>
internal sealed class MembershipLog
{
    private readonly List<(LogIndex Index, Membership Membership)> _above = [];
    private (LogIndex Index, Membership Membership) _base;

    public MembershipLog(LogIndex index, Membership membership) => _base = (index, membership);

    public Membership Latest => _above.Count == 0 ? _base.Membership : _above[^1].Membership;

    /// <summary>Where <see cref="Latest"/> was appended: what a compare-and-set names.</summary>
    public LogIndex LatestIndex => _above.Count == 0 ? _base.Index : _above[^1].Index;

    /// <summary>How many configurations lie above <paramref name="index"/>.</summary>
    public int CountAbove(LogIndex index)
    {
        int count = 0;
        for (int i = _above.Count - 1; i >= 0 && _above[i].Index > index; i--)
        {
            count++;
        }

        return count;
    }

    /// <summary>The configuration in force at <paramref name="index"/>: what a snapshot up to there has to carry.</summary>
    public Membership At(LogIndex index, out LogIndex appendedAt)
    {
        for (int i = _above.Count - 1; i >= 0; i--)
        {
            if (_above[i].Index <= index)
            {
                appendedAt = _above[i].Index;
                return _above[i].Membership;
            }
        }

        appendedAt = _base.Index;
        return _base.Membership;
    }

    /// <summary>The first index at or above <paramref name="index"/> that holds a configuration.</summary>
    public bool TryFindFrom(LogIndex index, out LogIndex found, out Membership? membership)
    {
        (found, membership) = (default, null);
        for (int i = _above.Count - 1; i >= 0 && _above[i].Index >= index; i--)
        {
            (found, membership) = _above[i];
        }

        return membership is not null;
    }

    public void Append(LogIndex index, Membership membership)
    {
        Invariant.Check(index > LatestIndex, index, LatestIndex);
        _above.Add((index, membership));
    }

    public void TruncateAfter(LogIndex last)
    {
        while (_above.Count > 0 && _above[^1].Index > last)
        {
            _above.RemoveAt(_above.Count - 1);
        }
    }

    public void CompactTo(LogIndex index)
    {
        while (_above.Count > 0 && _above[0].Index <= index)
        {
            _base = _above[0];
            _above.RemoveAt(0);
        }
    }

    /// <summary>Forgets everything: the log is what a snapshot with this configuration stands for.</summary>
    public void Reset(LogIndex index, Membership membership)
    {
        _above.Clear();
        _base = (index, membership);
    }
}
