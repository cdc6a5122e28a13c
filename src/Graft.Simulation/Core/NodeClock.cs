using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>A node's monotonic clock: an origin that nobody else knows, and a rate that is a little off.</summary>
/// <param name="Origin">What it shows when the world begins.</param>
/// <param name="DriftPerMillion">How much faster than the world it runs; negative if slower.</param>
internal readonly record struct NodeClock(long Origin, int DriftPerMillion)
{
    private const long Million = 1_000_000;

    internal Instant Read(long time) => new(Origin + time + (time * DriftPerMillion / Million));

    /// <summary>The first time of the world at which this clock shows <paramref name="instant"/> or more.</summary>
    internal long TimeOf(Instant instant)
    {
        if (instant == Instant.Never)
        {
            return long.MaxValue;
        }

        long elapsed = instant.Ticks - Origin;
        if (elapsed <= 0)
        {
            return 0;
        }

        long time = (long)((Int128)elapsed * Million / (Million + DriftPerMillion));
        while (Read(time) < instant)
        {
            time++;
        }

        while (time > 0 && Read(time - 1) >= instant)
        {
            time--;
        }

        return time;
    }
}
