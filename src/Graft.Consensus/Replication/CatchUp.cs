namespace Graft.Consensus;

/// <summary>Whether a learner keeps up with the log (thesis §4.2.1).</summary>
/// <remarks>
/// Replication to it is cut into rounds; a round carries all that the log held when it began. A round that takes less
/// than an election timeout means that the learner, once a voter, could complete a commit within one. What it reported
/// in another term or another life counts for nothing, so this is born and dies with the leadership.
/// </remarks>
internal sealed class CatchUp
{
    /// <summary>Rounds after which a learner that still isn't there is called too slow. It stays, and may be removed.</summary>
    public const int RoundsMax = 10;

    private LogIndex _target;
    private Instant _startedAt;

    public CatchUp(LogIndex last, Instant now)
    {
        _target = last;
        _startedAt = now;
    }

    /// <summary>Rounds completed without having caught up.</summary>
    public int Rounds { get; private set; }

    public bool IsDone { get; private set; }

    public bool IsTooSlow => !IsDone && Rounds >= RoundsMax;

    public void Advance(LogIndex match, LogIndex last, Instant now, TimeSpan electionTimeout)
    {
        if (IsDone || match < _target)
        {
            return;
        }

        if (now - _startedAt < electionTimeout)
        {
            IsDone = true;
            return;
        }

        Rounds++;
        _target = last;
        _startedAt = now;
    }

    /// <summary>Starts over: the learner lives a new life and has proved nothing in it.</summary>
    public void Restart(LogIndex last, Instant now)
    {
        (IsDone, Rounds, _target, _startedAt) = (false, 0, last, now);
    }
}
