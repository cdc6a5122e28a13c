namespace Graft.Network;

/// <summary>The first 8 bytes of a connection: <c>F7 47 52 46</c>, the kind, three zeros.</summary>
/// <remarks>
/// The first byte begins neither an HTTP request (a letter), nor TLS (0x16), nor UTF-8: whoever shares the port can tell by
/// <see cref="MagicBytes"/> bytes.
/// </remarks>
public static class Preamble
{
    /// <summary>How many bytes <see cref="IsOurs"/> wants to see.</summary>
    public const int MagicBytes = 4;

    internal const int Size = 8;

    private static ReadOnlySpan<byte> Magic => [0xF7, (byte)'G', (byte)'R', (byte)'F'];

    /// <summary>Whether a connection that begins like this speaks our protocol.</summary>
    /// <param name="start">Its first bytes, at least <see cref="MagicBytes"/>; with fewer the answer is no.</param>
    public static bool IsOurs(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    internal static void Write(Span<byte> destination, ConnectionKind kind)
    {
        destination[..Size].Clear();
        Magic.CopyTo(destination);
        destination[4] = (byte)kind;
    }

    internal static bool TryRead(ReadOnlySpan<byte> source, out ConnectionKind kind)
    {
        kind = source.Length >= Size ? (ConnectionKind)source[4] : default;
        return IsOurs(source) && kind is >= ConnectionKind.Peer and <= ConnectionKind.Snapshot && source[5..Size].IndexOfAnyExcept((byte)0) < 0;
    }
}
