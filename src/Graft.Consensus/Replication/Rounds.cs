namespace Graft.Consensus;

/// <summary>The leader's numbered rounds, and when each began.</summary>
/// <remarks>
/// A round is "whoever answers this still followed me after now". Numbers rise and are never used again, so an answer
/// can't confirm a read that began after its round (the stale reads of etcd#20418). The time is the one of
/// <em>sending</em>: a lease counted from the answer would outlive the follower's promise by the way of the answer.
/// </remarks>
internal sealed class Rounds
{
    private readonly Instant[] _startedAt = new Instant[64];

    internal ulong Current { get; private set; }

    internal ulong Start(Instant now)
    {
        Current++;
        _startedAt[Current % (ulong)_startedAt.Length] = now;
        return Current;
    }

    /// <summary>When <paramref name="round"/> began, or the distant past if that is forgotten: an old round proves little.</summary>
    internal Instant StartedAt(ulong round) =>
        round == 0 || Current - round >= (ulong)_startedAt.Length
            ? Instant.DistantPast
            : _startedAt[round % (ulong)_startedAt.Length];
}
