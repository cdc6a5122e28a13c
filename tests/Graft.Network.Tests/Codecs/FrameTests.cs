using System.IO.Pipelines;
using Graft.Consensus;

namespace Graft.Network.Tests.Codecs;

public sealed class FrameTests
{
    [Fact] // museum L10
    public async Task No_frame_with_one_flipped_bit_is_believed()
    {
        byte[] frame = Sample(seed: 3);
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            byte[] flipped = [.. frame];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));

            FrameReader reader = ReaderOf(flipped);

            Assert.False(await reader.MoveNextAsync());
            Assert.NotNull(reader.Error);
        }
    }

    [Fact]
    public async Task No_part_of_a_frame_is_a_frame()
    {
        byte[] frame = Sample(seed: 4);
        for (int length = 1; length < frame.Length; length++)
        {
            FrameReader reader = ReaderOf(frame[..length]);

            Assert.False(await reader.MoveNextAsync());
            Assert.Equal("The connection ended in the middle of a frame.", reader.Error);
        }
    }

    [Fact] // museum L03
    public async Task However_the_bytes_are_split_the_messages_are_the_same()
    {
        for (ulong seed = 1; seed <= 60; seed++)
        {
            var random = new SeededRandom(seed);
            byte[][] frames = [.. Enumerable.Range(0, 8).Select(i => Sample(seed * 100 + (ulong)i))];
            byte[] all = [.. frames.SelectMany(frame => frame)];
            var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: random.Next(16, 200)));
            var reader = new FrameReader(pipe.Reader);
            var bodies = new List<byte[]>();
            Task reading = ReadAsync(reader, bodies);

            for (int at = 0; at < all.Length;)
            {
                int part = Math.Min(random.Chance(300) ? 1 : random.Next(1, 400), all.Length - at);
                await pipe.Writer.WriteAsync(all.AsMemory(at, part), CancellationToken.None);
                at += part;
            }

            await pipe.Writer.CompleteAsync();
            await reading;
            Assert.Null(reader.Error);
            Assert.Equal(frames.Select(frame => frame[FrameHeader.Size..]), bodies);
        }
    }

    [Theory] // museum L03: 0xFFFFFFFF, negative, one too many
    [InlineData(FrameType.Batch, uint.MaxValue)]
    [InlineData(FrameType.Batch, 0x8000_0000)]
    [InlineData(FrameType.Batch, WireLimits.BatchBytesMax + 1)]
    [InlineData(FrameType.Ping, 1)]
    [InlineData(FrameType.Hello, WireLimits.HelloBytesMax + 1)]
    [InlineData(FrameType.Item, WireLimits.ItemBytesMax + 1)]
    public async Task A_length_beyond_the_limit_of_its_type_is_refused_before_anything_is_allocated(object type, uint length)
    {
        byte[] header = new byte[FrameHeader.Size];
        FrameHeader.Write(header, (FrameType)type, 0, 0);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), length);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(header, Crc32C.Of(header.AsSpan(4)));
        FrameReader reader = ReaderOf(header);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.False(await reader.MoveNextAsync());

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
        Assert.Contains("are allowed", reader.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_type_or_flag_of_no_version_is_refused()
    {
        for (int at = 8; at < 12; at++)
        {
            byte[] header = new byte[FrameHeader.Size];
            FrameHeader.Write(header, FrameType.Ping, 0, 0);
            header[at] = 200;
            FrameHeader.Seal(header);
            FrameReader reader = ReaderOf(header);

            Assert.False(await reader.MoveNextAsync());
            Assert.NotNull(reader.Error);
        }
    }

    internal static FrameReader ReaderOf(byte[] bytes) => new(PipeReader.Create(new System.Buffers.ReadOnlySequence<byte>(bytes)));

    private static byte[] Sample(ulong seed)
    {
        var random = new SeededRandom(seed);
        Message message = RandomMessages.Draw(random, RandomMessages.Kinds[random.Next(0, RandomMessages.Kinds.Length - 1)], out WireEntry[] entries);
        return RandomMessages.Encode((new GroupId(seed), message, entries));
    }

    private static async Task ReadAsync(FrameReader reader, List<byte[]> bodies)
    {
        while (await reader.MoveNextAsync())
        {
            bodies.Add(System.Buffers.BuffersExtensions.ToArray(reader.Body));
        }
    }
}
