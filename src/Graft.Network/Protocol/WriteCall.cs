namespace Graft.Network;

/// <summary>The body of <see cref="CallMethod.Write"/>.</summary>
/// <remarks>
/// <code>
/// form u8 · flags u8 (bit 0: local only) · session varint · sequence varint · answered below varint · command: the rest
/// </code>
/// </remarks>
/// <param name="Form">What it is.</param>
/// <param name="Options">Session and number; the deadline is the call's.</param>
/// <param name="Command">The command; a view of the body where it was read.</param>
public readonly record struct WriteCall(WriteForm Form, WriteOptions Options, ReadOnlyMemory<byte> Command)
{
    private const byte LocalOnly = 1;
    private const int HeadMax = 2 + (3 * WireWriter.VarintBytesMax);

    /// <summary>Its bytes on the wire, in the form above.</summary>
    public byte[] Encode()
    {
        Span<byte> head = stackalloc byte[HeadMax];
        var writer = new WireWriter(head);
        writer.Write((byte)Form);
        writer.Write(Options.IsLocalOnly ? LocalOnly : (byte)0);
        writer.WriteVarint(Options.Session);
        writer.WriteVarint(Options.Sequence);
        writer.WriteVarint(Options.AnsweredBelow);
        byte[] body = new byte[writer.Position + Command.Length];
        head[..writer.Position].CopyTo(body);
        Command.Span.CopyTo(body.AsSpan(writer.Position));
        return body;
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, out WriteCall call)
    {
        var reader = new WireReader(body.Span);
        byte form = reader.ReadByte();
        byte flags = reader.ReadByte();
        var options = new WriteOptions
        {
            IsLocalOnly = flags == LocalOnly,
            Session = reader.ReadVarint(),
            Sequence = reader.ReadVarint(),
            AnsweredBelow = reader.ReadVarint(),
        };
        call = new WriteCall((WriteForm)form, options, reader.HasFailed ? default : body[reader.Position..]);
        return !reader.HasFailed && form is >= (byte)WriteForm.Command and <= (byte)WriteForm.ReportDigest && flags <= LocalOnly;
    }
}
