using Graft.Consensus;

namespace Graft;

/// <summary>A node's two clocks: a monotonic one that rules everything, and the wall's, which is only ever told to state machines.</summary>
internal sealed class NodeClock
{
    private readonly long _origin;

    internal NodeClock(TimeProvider time)
    {
        Time = time;
        _origin = time.GetTimestamp();
    }

    internal TimeProvider Time { get; }

    /// <summary>The monotonic clock.</summary>
    internal Instant Now => new(Time.GetElapsedTime(_origin).Ticks);

    /// <summary>When a reading of <see cref="TimeProvider.GetTimestamp"/> was taken.</summary>
    internal Instant At(long timestamp) => new(Time.GetElapsedTime(_origin, timestamp).Ticks);

    /// <summary>The wall clock, in units of 100 ns since 1970-01-01.</summary>
    internal long WallTicks => Time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks;
}
