namespace Graft.Consensus;

/// <summary>The host's name for one read; it comes back in the <see cref="ReadResult"/>. Unique among the reads in progress.</summary>
public readonly record struct ReadId(ulong Value)
{
    public override string ToString() => $"r{Value}";
}
