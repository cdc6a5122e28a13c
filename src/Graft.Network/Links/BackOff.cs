using Graft.Consensus;

namespace Graft.Network;

/// <summary>Pauses between attempts at the same thing: doubling up to a limit, each drawn from half to one and a half of it.</summary>
/// <remarks>Drawn, so that those who lost the same thing at the same time don't come back at the same time. One user at a time.</remarks>
/// <param name="min">The first pause, before the draw.</param>
/// <param name="max">What the doubling stops at.</param>
/// <param name="random">Draws.</param>
public sealed class BackOff(TimeSpan min, TimeSpan max, SeededRandom random)
{
    private TimeSpan _next;

    /// <summary>How long to wait before the next attempt; the one after it waits up to twice as long.</summary>
    public TimeSpan Next()
    {
        TimeSpan pause = _next < min ? min : _next;
        _next = pause * 2 > max ? max : pause * 2;
        return random.Next(pause / 2, (pause * 3 / 2) + TimeSpan.FromTicks(1));
    }

    /// <summary>An attempt went well: the next pause is the first again.</summary>
    public void Reset() => _next = min;
}
