using Graft.Consensus;
using Graft.Network.Tests.Links;
using Graft.Tests.Support;

namespace Graft.Network.Tests.Codecs;

/// <summary>What a message costs the collector once all buffers have their size: nothing.</summary>
public sealed class AllocationTests
{
    private const int Rounds = 5;
    private const int Messages = 2000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_on_its_way_allocates_nothing(bool isAppend)
    {
        // The least of some rounds: what the runtime does on the side is no message's doing.
        long least = long.MaxValue;
        var outbox = new Outbox(16 << 20, new VirtualTime());
        var pool = new BlockPool();
        var decoded = new List<PeerMessage>();
        Message message = isAppend ? Town.Append(7, 8, 100, 1) : Town.Heartbeat(7, 8, 100);
        WireEntry[] entries = isAppend ? Town.Entries(1, 256) : [];
        for (int round = 0; round <= Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Messages; i++)
            {
                Assert.True(outbox.TryAddMessage(new GroupId(1), message, entries, RandomMessages.Ends));
            }

            Assert.True(outbox.TryTake(out ReadOnlyMemory<byte> frames, out _));
            int count = Take(frames.Span, pool, decoded);
            outbox.EndWrite();
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(Messages, count);
            least = Math.Min(least, allocated);
        }

        Assert.Equal(0, least);
    }

    private static int Take(ReadOnlySpan<byte> frames, BlockPool pool, List<PeerMessage> decoded)
    {
        int count = 0;
        while (!frames.IsEmpty)
        {
            Assert.True(FrameHeader.TryRead(frames, out FrameHeader header, out _));
            Block block = pool.Open(header.Length);
            frames.Slice(FrameHeader.Size, header.Length).CopyTo(block.Memory.Span);
            Assert.True(PeerReceiver.TryDecode(block, RandomMessages.Ends, pool, decoded));
            block.Release();
            count += decoded.Count;
            foreach (PeerMessage message in decoded)
            {
                message.Release();
            }

            decoded.Clear();
            frames = frames[(FrameHeader.Size + header.Length)..];
        }

        return count;
    }
}
