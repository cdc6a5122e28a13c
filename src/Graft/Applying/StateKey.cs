using System.Buffers.Binary;

namespace Graft;

/// <summary>The key of a row (docs/internals/entry-format.md): big-endian, so that bytes sort as keys do.</summary>
/// <param name="Kind">What the row holds.</param>
/// <param name="Owner">A node or a session.</param>
/// <param name="Number">A number in the session.</param>
internal readonly record struct StateKey(StateRowKind Kind, ulong Owner = 0, ulong Number = 0)
{
    /// <summary>The order of the bytes.</summary>
    internal static Comparer<StateKey> Order { get; } = Comparer<StateKey>.Create(
        static (one, other) => (one.Kind, one.Owner, one.Number).CompareTo((other.Kind, other.Owner, other.Number)));

    internal byte[] ToBytes()
    {
        byte[] bytes = new byte[LengthOf(Kind)];
        bytes[0] = (byte)Kind;
        if (bytes.Length > 1)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(1), Owner);
        }

        if (bytes.Length > 9)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(9), Number);
        }

        return bytes;
    }

    internal static bool TryRead(ReadOnlySpan<byte> bytes, out StateKey key)
    {
        key = default;
        if (bytes.IsEmpty || bytes[0] is < (byte)StateRowKind.Head or > (byte)StateRowKind.Answer || bytes.Length != LengthOf((StateRowKind)bytes[0]))
        {
            return false;
        }

        key = new StateKey(
            (StateRowKind)bytes[0],
            bytes.Length > 1 ? BinaryPrimitives.ReadUInt64BigEndian(bytes[1..]) : 0,
            bytes.Length > 9 ? BinaryPrimitives.ReadUInt64BigEndian(bytes[9..]) : 0);
        return true;
    }

    private static int LengthOf(StateRowKind kind) => kind switch
    {
        StateRowKind.Head => 1,
        StateRowKind.Answer => 17,
        _ => 9,
    };
}
