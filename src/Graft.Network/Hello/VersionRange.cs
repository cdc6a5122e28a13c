namespace Graft.Network;

/// <summary>The versions of the protocol that a program speaks, both ends included.</summary>
/// <param name="Min">The oldest.</param>
/// <param name="Max">The newest.</param>
public readonly record struct VersionRange(ushort Min, ushort Max)
{
    /// <summary>What this program speaks.</summary>
    public static VersionRange Spoken => new(1, 1);

    /// <summary>The newest version that both speak; null if there is none.</summary>
    public ushort? NewestInCommon(VersionRange other)
    {
        ushort newest = Math.Min(Max, other.Max);
        return newest >= Min && newest >= other.Min ? newest : null;
    }

    public override string ToString() => $"{Min} to {Max}";
}
