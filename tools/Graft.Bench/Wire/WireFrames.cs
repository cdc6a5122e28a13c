using Graft.Consensus;
using Graft.Network;

namespace Graft.Bench.Wire;

/// <summary>What a link has written, read as its receiver reads it.</summary>
internal static class WireFrames
{
    /// <exception cref="BenchmarkFailedException">It isn't what a link writes.</exception>
    internal static void Decode(ReadOnlySpan<byte> frames, MessageEnds ends, BlockPool pool, List<PeerMessage> into)
    {
        while (!frames.IsEmpty)
        {
            Require(FrameHeader.TryRead(frames, out FrameHeader header, out _));
            ReadOnlySpan<byte> body = frames.Slice(FrameHeader.Size, header.Length);
            Require(Crc32C.Of(body) == header.BodyChecksum);
            Block block = pool.Open(header.Length);
            body.CopyTo(block.Memory.Span);
            Require(PeerReceiver.TryDecode(block, ends, pool, into));
            block.Release();
            frames = frames[(FrameHeader.Size + header.Length)..];
        }
    }

    internal static void Require(bool holds)
    {
        if (!holds)
        {
            throw new BenchmarkFailedException("A message did not come out of its frame as it went in.");
        }
    }
}
