using Graft.Consensus;

namespace Graft.Network.Tests.Codecs;

public sealed class HelloCodecTests
{
    [Fact]
    public void What_is_decoded_is_what_was_encoded()
    {
        byte[] bytes = new byte[WireLimits.HelloBytesMax];
        for (ulong seed = 1; seed <= 500; seed++)
        {
            var random = new SeededRandom(seed);
            Hello hello = DrawHello(random);
            Welcome welcome = DrawWelcome(random);

            Assert.Equal(hello, HelloCodec.TryReadHello(hello.Kind, bytes.AsSpan(0, HelloCodec.Write(hello, bytes))));
            Assert.Equal(welcome, HelloCodec.TryReadWelcome(bytes.AsSpan(0, HelloCodec.Write(welcome, bytes))));
        }
    }

    [Fact]
    public void No_part_of_a_hello_is_a_hello()
    {
        byte[] bytes = new byte[WireLimits.HelloBytesMax];
        Hello hello = DrawHello(new SeededRandom(5));
        int length = HelloCodec.Write(hello, bytes);
        for (int part = 0; part < length; part++)
        {
            Assert.Null(HelloCodec.TryReadHello(hello.Kind, bytes.AsSpan(0, part)));
        }
    }

    [Fact] // how a later version adds a field
    public void Fields_of_a_later_version_are_passed_over()
    {
        byte[] bytes = new byte[WireLimits.HelloBytesMax];
        Hello hello = DrawHello(new SeededRandom(6));
        int length = HelloCodec.Write(hello, bytes);
        bytes.AsSpan(length, 20).Fill(0xAB);

        Assert.Equal(hello, HelloCodec.TryReadHello(hello.Kind, bytes.AsSpan(0, length + 20)));
    }

    [Fact]
    public void A_nameless_peer_is_refused_and_a_nameless_caller_is_not()
    {
        byte[] bytes = new byte[WireLimits.HelloBytesMax];
        int length = HelloCodec.Write(new Hello { Kind = ConnectionKind.Call }, bytes);

        Assert.NotNull(HelloCodec.TryReadHello(ConnectionKind.Call, bytes.AsSpan(0, length)));
        Assert.Null(HelloCodec.TryReadHello(ConnectionKind.Peer, bytes.AsSpan(0, length)));
        Assert.Null(HelloCodec.TryReadHello(ConnectionKind.Snapshot, bytes.AsSpan(0, length)));
    }

    [Fact]
    public void A_long_sentence_is_cut_between_two_characters()
    {
        byte[] bytes = new byte[WireLimits.HelloBytesMax];
        int length = HelloCodec.Write(new HelloRefusal(RefusalCode.Busy, 1, 2, new string('é', 400) + "x"), bytes);

        Assert.Equal(new string('é', 256), HelloCodec.TryReadRefusal(bytes.AsSpan(0, length))!.Text);
    }

    internal static Hello DrawHello(SeededRandom random)
    {
        bool isNode = random.Chance(700);
        ushort min = (ushort)random.NextBelow(5);
        return new Hello
        {
            Kind = isNode ? (ConnectionKind)random.Next(1, 3) : ConnectionKind.Call,
            Versions = new VersionRange(min, (ushort)(min + random.NextBelow(9))),
            Features = random.NextUInt64(),
            Cluster = new ClusterId(RandomMessages.Number(random)),
            Node = isNode ? new NodeId(RandomMessages.Number(random)) : null,
            Incarnation = isNode ? new Incarnation((uint)random.NextBelow(1000) + 1) : Incarnation.Unknown,
            Expected = random.Chance(500) ? new NodeId(RandomMessages.Number(random)) : null,
            Advertised = DrawAddress(random),
            Epoch = new Epoch(RandomMessages.Number(random)),
        };
    }

    internal static Welcome DrawWelcome(SeededRandom random) => new()
    {
        Version = (ushort)random.NextBelow(100),
        Features = random.NextUInt64(),
        Cluster = new ClusterId(RandomMessages.Number(random)),
        Node = new NodeId(RandomMessages.Number(random)),
        Incarnation = new Incarnation((uint)random.NextBelow(1000) + 1),
        Advertised = DrawAddress(random),
    };

    private static NodeAddress? DrawAddress(SeededRandom random) => random.Next(0, 3) switch
    {
        0 => null,
        1 => new NodeAddress("::1", random.Next(0, 65_535)),
        _ => new NodeAddress(new string('h', random.Next(1, 240)), random.Next(0, 65_535)),
    };
}
