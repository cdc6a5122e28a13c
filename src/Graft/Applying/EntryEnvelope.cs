using System.Buffers.Binary;

namespace Graft;

/// <summary>What surrounds a command in the log (docs/internals/entry-format.md).</summary>
/// <remarks>
/// <code>
/// offset  size  field                                   (integers are little-endian)
///      0     1  form: WriteForm
///      1     1  flags: bit 0, a session block follows; the others are zero
///      2     8  the leader's wall clock, 100 ns since 1970-01-01
///     10     8  seed
///     18     0 or 32  session block:
///                  8  session
///                  8  sequence
///                  8  every number below this has been answered
///                  8  session clock, 100 ns: the leader's, never set back
///      …     n  the command
/// </code>
/// <para>There is no checksum: the entry that carries it has one.</para>
/// </remarks>
/// <param name="Form">What it is.</param>
/// <param name="WallTicks">The leader's wall clock.</param>
/// <param name="Seed">Drawn by the leader: what a state machine may take for chance.</param>
/// <param name="Session">The session, or zero.</param>
/// <param name="Sequence">The number in the session.</param>
/// <param name="AnsweredBelow">What of the session may be forgotten.</param>
/// <param name="SessionTicks">The session clock.</param>
internal readonly record struct EntryEnvelope(
    WriteForm Form, long WallTicks, ulong Seed, ulong Session, ulong Sequence, ulong AnsweredBelow, long SessionTicks)
{
    private const int HeadSize = 18;
    private const int SessionSize = 32;
    private const byte HasSession = 1;

    internal static int SizeOf(WriteForm form, bool hasSession, int command) =>
        checked(HeadSize + (hasSession || form != WriteForm.Command ? SessionSize : 0) + command);

    /// <summary>Writes head and command; <paramref name="into"/> is exactly as large as <see cref="SizeOf"/> says.</summary>
    internal void Write(ReadOnlySpan<byte> command, Span<byte> into)
    {
        bool hasSession = into.Length > HeadSize + command.Length;
        into[0] = (byte)Form;
        into[1] = hasSession ? HasSession : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(into[2..], WallTicks);
        BinaryPrimitives.WriteUInt64LittleEndian(into[10..], Seed);
        Span<byte> rest = into[HeadSize..];
        if (hasSession)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, Session);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[8..], Sequence);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[16..], AnsweredBelow);
            BinaryPrimitives.WriteInt64LittleEndian(rest[24..], SessionTicks);
            rest = rest[SessionSize..];
        }

        command.CopyTo(rest);
    }

    /// <summary>Reads what <see cref="Write"/> wrote. Never throws.</summary>
    /// <returns>False if these bytes are no envelope that this version knows.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> payload, out EntryEnvelope envelope, out ReadOnlyMemory<byte> command)
    {
        (envelope, command) = (default, default);
        ReadOnlySpan<byte> bytes = payload.Span;
        if (bytes.Length < HeadSize || bytes[0] is < (byte)WriteForm.Command or > (byte)WriteForm.ReportDigest || bytes[1] > HasSession)
        {
            return false;
        }

        bool hasSession = bytes[1] == HasSession;
        int head = HeadSize + (hasSession ? SessionSize : 0);
        if (bytes.Length < head)
        {
            return false;
        }

        ReadOnlySpan<byte> session = hasSession ? bytes[HeadSize..] : default;
        envelope = new EntryEnvelope(
            (WriteForm)bytes[0],
            BinaryPrimitives.ReadInt64LittleEndian(bytes[2..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[10..]),
            hasSession ? BinaryPrimitives.ReadUInt64LittleEndian(session) : 0,
            hasSession ? BinaryPrimitives.ReadUInt64LittleEndian(session[8..]) : 0,
            hasSession ? BinaryPrimitives.ReadUInt64LittleEndian(session[16..]) : 0,
            hasSession ? BinaryPrimitives.ReadInt64LittleEndian(session[24..]) : 0);
        command = payload[head..];
        return true;
    }
}
