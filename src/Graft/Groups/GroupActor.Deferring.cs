using Graft.Consensus;

namespace Graft;

/// <content>What makes this node leave leading to others: a state machine that has stopped, and a wall clock that nobody else's agrees with.</content>
/// <remarks>
/// It goes on leading while nobody else can, and tries again after a while. It doesn't stand back in an election: it may be the only one with the
/// newest entries, and whoever it hands leadership to has them then.
/// </remarks>
internal sealed partial class GroupActor
{
    // Of election timeouts. If all of them are stopped, leadership goes around this often, in vain.
    private const int DeferralPause = 20;

    private Instant _deferAt = Instant.Never;
    private Instant _compareClocksAt;
    private TimeSpan _clockExcess;

    /// <summary>How far this node's wall clock is ahead of most voters', if that is more than it may be; else zero.</summary>
    private TimeSpan ClockExcess()
    {
        // Those whose clock isn't known count for neither side.
        (int agree, int behind) = (1, 0);
        TimeSpan nearest = TimeSpan.MaxValue;
        foreach (Member member in _core.Membership.Members)
        {
            if (member.Id == _core.Id || !member.IsVoter || _services.Peers.LinkOf(member.Id)?.ClockOffset is not { } offset)
            {
                continue;
            }

            if (offset < -_settings.ClockBound)
            {
                behind++;
                nearest = -offset < nearest ? -offset : nearest;
            }
            else
            {
                agree++;
            }
        }

        return behind >= agree ? nearest : TimeSpan.Zero;
    }

    /// <summary>What is told to state machines as the time: never that of a clock that is to be believed by nobody.</summary>
    private long TimeForEntries(Instant now)
    {
        if (now >= _compareClocksAt)
        {
            CompareClocks(now);
        }

        return _services.Clock.WallTicks - _clockExcess.Ticks;
    }

    private void CompareClocks(Instant now)
    {
        _compareClocksAt = now + _electionTimeout;
        TimeSpan before = _clockExcess;
        _clockExcess = ClockExcess();
        if (before == TimeSpan.Zero && _clockExcess > TimeSpan.Zero)
        {
            _services.Events?.ClockIsAhead(_id, _clockExcess);
            _deferAt = now;
        }
    }

    private void OnElected(Instant now)
    {
        _compareClocksAt = now;
        _clockExcess = TimeSpan.Zero;
        _deferAt = now + (_halted is null ? _electionTimeout : _electionTimeout * DeferralPause);
    }

    private void ConsiderDeferring(Instant now)
    {
        if (_core.Role != Role.Leader)
        {
            _deferAt = Instant.Never;
        }
        else if (now >= _deferAt)
        {
            CompareClocks(now);
            _deferAt = Instant.Never;
            if (_halted is not null || _clockExcess > TimeSpan.Zero)
            {
                // A refusal says that nobody else can lead now.
                _core.TransferLeadership(null, _electionTimeout, now);
                _deferAt = now + (_electionTimeout * DeferralPause);
            }
        }
    }
}
