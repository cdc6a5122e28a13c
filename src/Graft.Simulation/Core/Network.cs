using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>The wires between nodes: delay, loss, duplication, disorder, cuts and clogs, each by direction.</summary>
internal sealed class Network
{
    private readonly SeededRandom _random;
    private readonly int _slots;
    private readonly long[] _latency;
    private readonly long[] _clogged;
    private readonly long[] _lastAt;
    private readonly bool[] _cut;
    private readonly SwarmOptions _options;
    private readonly Tally _tally;
    private readonly long _t;
    private bool _isCalm;
    private long _jitter;

    internal Network(SwarmOptions options, SeededRandom random, int slots, Tally tally)
    {
        (_options, _random, _slots, _tally) = (options, random, slots, tally);
        _t = options.ElectionTimeout.Ticks;
        _latency = new long[slots * slots];
        _clogged = new long[slots * slots];
        _lastAt = new long[slots * slots];
        _cut = new bool[slots * slots];
        _jitter = Math.Max(1, options.Latency.Ticks * options.JitterPercent / 100);

        // For the life of a pair, and not the same both ways.
        for (int i = 0; i < _latency.Length; i++)
        {
            _latency[i] = Math.Max(1, Draw(options.Latency.Ticks / 4, options.Latency.Ticks * 2));
        }
    }

    internal bool HasCuts { get; private set; }

    internal bool IsCut(int from, int to) => _cut[(from * _slots) + to];

    internal bool IsClogged(int from, int to, long now) => _clogged[(from * _slots) + to] > now;

    internal long Latency(int from, int to) => _latency[(from * _slots) + to];

    /// <summary>Decides what becomes of a message that leaves now.</summary>
    /// <returns>How many copies arrive, 0 to 2, at <paramref name="first"/> and <paramref name="second"/>.</returns>
    internal int Route(int from, int to, long now, out long first, out long second)
    {
        (first, second) = (0, 0);
        int link = (from * _slots) + to;
        if (_cut[link])
        {
            return 0;
        }

        if (_isCalm)
        {
            first = Arrival(link, now);
            return 1;
        }

        if (_random.Chance(_options.LossPerMille))
        {
            _tally.Hit(FaultKind.Loss);
            return 0;
        }

        first = Arrival(link, now);
        if (_options.LatePerTenThousand > 0 && _random.NextBelow(10_000) < (ulong)_options.LatePerTenThousand)
        {
            _tally.Hit(FaultKind.LateDelivery);
            first += Draw(_t / 2, _t * 20);
        }

        if (!_random.Chance(_options.DuplicatePerMille))
        {
            return 1;
        }

        _tally.Hit(FaultKind.Duplication);
        second = Arrival(link, now) + (_random.Chance(100) ? Draw(_t, _t * 5) : 0);
        return 2;
    }

    internal void Cut(int from, int to)
    {
        _cut[(from * _slots) + to] = true;
        HasCuts = true;
    }

    internal void CutBoth(int one, int other)
    {
        Cut(one, other);
        Cut(other, one);
    }

    internal void Clog(int from, int to, long until) => _clogged[(from * _slots) + to] = until;

    internal void Uncut()
    {
        Array.Clear(_cut);
        HasCuts = false;
    }

    /// <summary>The second act: quick, orderly wires that lose nothing. Even ones are all alike as well, and always take as long.</summary>
    internal void Calm(bool isEven)
    {
        _isCalm = true;
        Array.Clear(_clogged);
        Uncut();
        long most = Math.Max(1, _t / 40);
        _jitter = isEven ? 1 : Math.Min(_jitter, most);
        for (int i = 0; i < _latency.Length; i++)
        {
            _latency[i] = isEven ? most : Math.Min(_latency[i], most);
        }
    }

    private long Arrival(int link, long now)
    {
        long at = now + _latency[link] + (long)_random.NextBelow((ulong)_jitter);

        // What was held comes in a burst once the clog is gone.
        at = Math.Max(at, _clogged[link] + (at % 64));
        if (!_options.IsReordering || _isCalm)
        {
            at = Math.Max(at, _lastAt[link] + 1);
        }
        else if (at < _lastAt[link])
        {
            _tally.Hit(FaultKind.Reordering);
        }

        _lastAt[link] = Math.Max(at, _lastAt[link]);
        return at;
    }

    private long Draw(long low, long high) => low + (long)_random.NextBelow((ulong)Math.Max(1, high - low));
}
