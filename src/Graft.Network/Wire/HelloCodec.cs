using System.Text;
using System.Text.Unicode;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>Hello, welcome and refusal as bodies of frames (docs/internals/wire-format.md, 3).</summary>
/// <remarks>Each parser passes over bytes behind the fields that it knows: this is where later versions add theirs.</remarks>
internal static class HelloCodec
{
    private const byte HasNode = 1;
    private const byte HasExpected = 2;

    internal static int Write(Hello hello, Span<byte> destination)
    {
        var writer = new WireWriter(destination);
        writer.Write(hello.Versions.Min);
        writer.Write(hello.Versions.Max);
        writer.Write(hello.Features);
        writer.Write(hello.Cluster.Value);
        writer.Write((byte)((hello.Node is null ? 0 : HasNode) | (hello.Expected is null ? 0 : HasExpected)));
        writer.Write(hello.Node?.Value ?? 0);
        writer.Write(hello.Incarnation.Value);
        writer.Write(hello.Expected?.Value ?? 0);
        WriteAddress(ref writer, hello.Advertised);
        writer.Write(hello.Epoch.Value);
        return writer.Position;
    }

    /// <summary>Never throws, whatever the bytes.</summary>
    internal static Hello? TryReadHello(ConnectionKind kind, ReadOnlySpan<byte> source)
    {
        var reader = new WireReader(source);
        var versions = new VersionRange(reader.ReadUInt16(), reader.ReadUInt16());
        ulong features = reader.ReadUInt64();
        var cluster = new ClusterId(reader.ReadUInt64());
        byte flags = reader.ReadByte();
        ulong node = reader.ReadUInt64();
        uint incarnation = reader.ReadUInt32();
        ulong expected = reader.ReadUInt64();
        NodeAddress? advertised = ReadAddress(ref reader);
        var epoch = new Epoch(reader.ReadUInt64());

        // Only callers may be nameless; a node in no life isn't running.
        bool isNode = (flags & HasNode) != 0;
        bool isSound = !reader.HasFailed && versions.Min <= versions.Max && (flags & ~(HasNode | HasExpected)) == 0
            && (isNode || (kind == ConnectionKind.Call && node == 0 && incarnation == 0))
            && (!isNode || incarnation != 0)
            && ((flags & HasExpected) != 0 || expected == 0);
        return isSound
            ? new Hello
            {
                Kind = kind,
                Versions = versions,
                Features = features,
                Cluster = cluster,
                Node = isNode ? new NodeId(node) : null,
                Incarnation = new Incarnation(incarnation),
                Expected = (flags & HasExpected) != 0 ? new NodeId(expected) : null,
                Advertised = advertised,
                Epoch = epoch,
            }
            : null;
    }

    internal static int Write(Welcome welcome, Span<byte> destination)
    {
        var writer = new WireWriter(destination);
        writer.Write(welcome.Version);
        writer.Write(welcome.Features);
        writer.Write(welcome.Cluster.Value);
        writer.Write(welcome.Node.Value);
        writer.Write(welcome.Incarnation.Value);
        WriteAddress(ref writer, welcome.Advertised);
        return writer.Position;
    }

    /// <summary>Never throws, whatever the bytes.</summary>
    internal static Welcome? TryReadWelcome(ReadOnlySpan<byte> source)
    {
        var reader = new WireReader(source);
        var welcome = new Welcome
        {
            Version = reader.ReadUInt16(),
            Features = reader.ReadUInt64(),
            Cluster = new ClusterId(reader.ReadUInt64()),
            Node = new NodeId(reader.ReadUInt64()),
            Incarnation = new Incarnation(reader.ReadUInt32()),
            Advertised = ReadAddress(ref reader),
        };
        return reader.HasFailed || welcome.Incarnation == Incarnation.Unknown ? null : welcome;
    }

    internal static int Write(HelloRefusal refusal, Span<byte> destination)
    {
        var writer = new WireWriter(destination);
        writer.Write((ushort)refusal.Code);
        writer.Write(refusal.Said);
        writer.Write(refusal.Held);
        WriteText(ref writer, refusal.Text);
        return writer.Position;
    }

    /// <summary>Never throws, whatever the bytes. A code that this program doesn't know is kept as it is.</summary>
    internal static HelloRefusal? TryReadRefusal(ReadOnlySpan<byte> source)
    {
        var reader = new WireReader(source);
        var code = (RefusalCode)reader.ReadUInt16();
        ulong said = reader.ReadUInt64();
        ulong held = reader.ReadUInt64();
        string text = ReadText(ref reader);
        return reader.HasFailed ? null : new HelloRefusal(code, said, held, text);
    }

    /// <summary>A sentence: length (2), UTF-8. What is longer than 512 bytes is cut between two characters.</summary>
    internal static void WriteText(ref WireWriter writer, string text)
    {
        Span<byte> bytes = stackalloc byte[HelloRefusal.TextBytesMax];
        Utf8.FromUtf16(text, bytes, out _, out int written);
        writer.Write((ushort)written);
        writer.Write(bytes[..written]);
    }

    internal static string ReadText(ref WireReader reader)
    {
        int length = reader.ReadUInt16();
        if (length > HelloRefusal.TextBytesMax)
        {
            reader.Fail();
        }

        // Invalid UTF-8 becomes replacement characters: it is a sentence for people and nothing is decided by it.
        return Encoding.UTF8.GetString(reader.ReadBytes(length));
    }

    private static void WriteAddress(ref WireWriter writer, NodeAddress? address)
    {
        string text = address?.ToString() ?? "";
        int length = Encoding.UTF8.GetByteCount(text);
        writer.Write((byte)length);
        Encoding.UTF8.GetBytes(text, writer.Skip(length));
    }

    private static NodeAddress? ReadAddress(ref WireReader reader)
    {
        int length = reader.ReadByte();
        ReadOnlySpan<byte> bytes = reader.ReadBytes(length);
        if (reader.HasFailed || length == 0)
        {
            return null;
        }

        if (Utf8.IsValid(bytes) && NodeAddress.TryParse(Encoding.UTF8.GetString(bytes), out NodeAddress address, out _))
        {
            return address;
        }

        reader.Fail();
        return null;
    }
}
