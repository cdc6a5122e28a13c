namespace Graft.Consensus.Tests;

/// <summary>One node's clock in the lab: the lab's time, at another rate since some moment, or standing still.</summary>
internal sealed class LabClock
{
    private Instant _worldAt;
    private Instant _localAt;
    private int _perMille = 1000;

    internal Instant Read(Instant world) => _localAt + new TimeSpan((world - _worldAt).Ticks * _perMille / 1000);

    /// <summary>When, in the lab's time, this clock will read <paramref name="local"/>.</summary>
    internal Instant When(Instant local)
    {
        if (local == Instant.Never || _perMille == 0)
        {
            return Instant.Never;
        }

        long ahead = Math.Max(0, (local - _localAt).Ticks);
        return _worldAt + new TimeSpan(((ahead * 1000) + _perMille - 1) / _perMille);
    }

    /// <summary>From now on it runs at <paramref name="perMille"/> thousandths of the lab's rate; 0 stops it.</summary>
    internal void SetRate(int perMille, Instant world)
    {
        (_localAt, _worldAt) = (Read(world), world);
        _perMille = perMille;
    }

    /// <summary>It reads <paramref name="local"/> now.</summary>
    internal void Set(Instant local, Instant world) => (_localAt, _worldAt) = (local, world);
}
