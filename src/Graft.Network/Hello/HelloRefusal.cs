namespace Graft.Network;

/// <summary>A refused hello: the code, both values that didn't fit, and a sentence for people.</summary>
/// <param name="Code">Why.</param>
/// <param name="Said">What the dialing side said; <see cref="RefusalCode"/> tells what it is.</param>
/// <param name="Held">What the accepting side holds against it.</param>
/// <param name="Text">One sentence of at most <see cref="TextBytesMax"/> bytes; longer ones are cut.</param>
public sealed record HelloRefusal(RefusalCode Code, ulong Said, ulong Held, string Text)
{
    /// <summary>The longest text, in bytes of UTF-8.</summary>
    public const int TextBytesMax = 512;

    /// <summary>Whether the same hello may be welcome a little later.</summary>
    public bool IsPassing => Code is RefusalCode.Busy or RefusalCode.Draining or RefusalCode.NotReady;

    public override string ToString() => $"{Code}: {Text}";
}
