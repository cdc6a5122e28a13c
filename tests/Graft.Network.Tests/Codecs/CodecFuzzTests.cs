using System.Globalization;
using Graft.Consensus;

namespace Graft.Network.Tests.Codecs;

/// <summary>Each parser, fed with damaged and with drawn bytes until a budget is used up. None may throw, and none may ask for more than it was given.</summary>
/// <remarks>GRAFT_FUZZ_BYTES sets the budget of each in MiB (a night: 100000), GRAFT_FUZZ_SEED the first seed; a failure names its seed.</remarks>
public sealed class CodecFuzzTests
{
    private const int AllocatedFlat = 256 << 10;
    private const int AllocatedPerByte = 64;

    private static readonly BlockPool Pool = new();

    [Fact]
    public void Batches() => Fuzz(
        random =>
        {
            Message message = RandomMessages.Draw(random, RandomMessages.Kinds[random.Next(0, RandomMessages.Kinds.Length - 1)], out WireEntry[] entries);
            return RandomMessages.Encode((new GroupId(RandomMessages.Number(random)), message, entries))[FrameHeader.Size..];
        },
        Batch);

    [Fact]
    public void Hellos() => Fuzz(
        random =>
        {
            byte[] bytes = new byte[WireLimits.HelloBytesMax];
            return bytes[..HelloCodec.Write(Codecs.HelloCodecTests.DrawHello(random), bytes)];
        },
        bytes =>
        {
            foreach (ConnectionKind kind in Enum.GetValues<ConnectionKind>())
            {
                if (HelloCodec.TryReadHello(kind, bytes) is { } hello)
                {
                    byte[] again = new byte[WireLimits.HelloBytesMax];
                    Assert.Equal(hello, HelloCodec.TryReadHello(kind, again.AsSpan(0, HelloCodec.Write(hello, again))));
                }
            }
        });

    [Fact]
    public void Answers_to_a_hello() => Fuzz(
        random =>
        {
            byte[] bytes = new byte[WireLimits.HelloBytesMax];
            return random.Chance(500)
                ? bytes[..HelloCodec.Write(Codecs.HelloCodecTests.DrawWelcome(random), bytes)]
                : bytes[..HelloCodec.Write(new HelloRefusal(RefusalCode.Busy, random.NextUInt64(), 1, new string('x', random.Next(0, 600))), bytes)];
        },
        bytes =>
        {
            _ = HelloCodec.TryReadWelcome(bytes);
            _ = HelloCodec.TryReadRefusal(bytes);
        });

    [Fact]
    public void Calls_and_snapshots() => Fuzz(
        random => RandomMessages.Bytes(random, random.Next(0, 40)),
        bytes =>
        {
            _ = CallCodec.TryReadRequest(bytes, out _, out _, out _, out _);
            _ = CallCodec.TryReadResponse(bytes, out _, out _);
            _ = SnapshotCodec.TryReadFetch(bytes, out _, out _, out _);
            _ = SnapshotCodec.TryReadHeader(bytes, out _, out _);
            _ = SnapshotCodec.TryReadOffset(bytes, out _);
            _ = SnapshotCodec.TryReadRefusal(bytes, out _, out _);
            _ = Preamble.TryRead(bytes, out _);
        });

    [Fact]
    public void Addresses() => Fuzz(
        random => RandomMessages.Bytes(random, random.Next(0, 60)),
        bytes =>
        {
            string text = System.Text.Encoding.Latin1.GetString(bytes);
            if (NodeAddress.TryParse(text, out NodeAddress address, out string error))
            {
                Assert.Equal(address, NodeAddress.Parse(address.ToString()));
            }

            Assert.Equal(address == default, error.Length > 0);
        });

    private static void Batch(byte[] bytes)
    {
        Block block = Pool.Open(bytes.Length);
        bytes.CopyTo(block.Memory.Span);
        var decoded = new List<PeerMessage>();
        if (PeerReceiver.TryDecode(block, RandomMessages.Ends, Pool, decoded))
        {
            // What is accepted is what an honest sender writes: the same bytes come out again.
            byte[] again = RandomMessages.Encode([.. decoded.Select(each => (each.Group, each.Message, each.Entries.ToArray()))]);
            Assert.Equal(bytes, again[FrameHeader.Size..]);
        }

        decoded.ForEach(message => message.Release());
        block.Release();
        Assert.Equal(0, Pool.HeldBytes);
    }

    private static void Fuzz(Func<SeededRandom, byte[]> draw, Action<byte[]> parse)
    {
        ulong seed = Number("GRAFT_FUZZ_SEED") ?? 1;
        long left = Number("GRAFT_FUZZ_BYTES") is { } mebibytes ? (long)mebibytes << 20 : 2 << 20;
        do
        {
            var random = new SeededRandom(seed);
            byte[] bytes = Spoil(random, draw(random));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                parse(bytes);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}: {exception.Message}", exception);
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= AllocatedFlat + (bytes.Length * AllocatedPerByte), $"seed {seed}: {allocated} bytes were allocated for {bytes.Length}.");
            left -= bytes.Length + 16;
            seed++;
        }
        while (left > 0);
    }

    private static byte[] Spoil(SeededRandom random, byte[] bytes)
    {
        for (int i = random.Next(0, 4); i > 0 && bytes.Length > 0; i--)
        {
            int at = random.Next(0, bytes.Length - 1);
            switch (random.Next(0, 3))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(0, 7));
                    break;
                case 1:
                    bytes[at] = random.Chance(500) ? (byte)0xFF : (byte)random.NextBelow(256);
                    break;
                case 2:
                    bytes = bytes[..at];
                    break;
                default:
                    bytes = [.. bytes[..at], .. RandomMessages.Bytes(random, random.Next(1, 12)), .. bytes[at..]];
                    break;
            }
        }

        return bytes;
    }

    private static ulong? Number(string name) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null;
}
