using System.Buffers;

namespace Graft.Network;

/// <summary>The receiving end of one fetch: what may come when, and what of it reaches the sink.</summary>
internal sealed class SnapshotTransfer
{
    private const long NoHeader = -1;

    private readonly ISnapshotSink _sink;
    private readonly long _start;
    private long _offset;
    private long _total = NoHeader;

    internal SnapshotTransfer(ISnapshotSink sink, long offset) => (_sink, _start, _offset) = (sink, offset, offset);

    internal long Received => _offset - _start;

    /// <summary>Takes one frame.</summary>
    /// <returns>The result, if that was the end.</returns>
    internal SnapshotFetch? Take(FrameType type, in ReadOnlySequence<byte> body) => type switch
    {
        FrameType.SnapshotHeader when _total == NoHeader => Begin(body.ToArray()),
        FrameType.Chunk when _total != NoHeader => Write(body),
        FrameType.SnapshotEnd when _offset == _total => Ended(SnapshotFetchOutcome.Complete, ""),
        FrameType.FetchRefused when SnapshotCodec.TryReadRefusal(body.ToArray(), out SnapshotRefusal refusal, out string text) =>
            new SnapshotFetch(SnapshotFetchOutcome.Refused, refusal, text, Received),
        _ => Ended(SnapshotFetchOutcome.Lost, $"A frame of type {type} came where none may."),
    };

    private SnapshotFetch? Begin(ReadOnlySpan<byte> body)
    {
        if (!SnapshotCodec.TryReadHeader(body, out long total, out uint checksum) || total < _offset)
        {
            return Ended(SnapshotFetchOutcome.Lost, "The header of the snapshot can't be read.");
        }

        _total = total;
        return _sink.Begin(total, checksum) ? null : Ended(SnapshotFetchOutcome.SinkRefused, "The sink has begun another file.");
    }

    private SnapshotFetch? Write(in ReadOnlySequence<byte> body)
    {
        Span<byte> head = stackalloc byte[SnapshotCodec.ChunkHeadBytes];
        if (body.Length <= head.Length)
        {
            return Ended(SnapshotFetchOutcome.Lost, "A chunk is empty.");
        }

        body.Slice(0, head.Length).CopyTo(head);
        if (!SnapshotCodec.TryReadOffset(head, out long at) || at != _offset || body.Length - head.Length > _total - at)
        {
            return Ended(SnapshotFetchOutcome.Lost, $"A chunk isn't the one that follows at {_offset}.");
        }

        foreach (ReadOnlyMemory<byte> part in body.Slice(head.Length))
        {
            if (!_sink.Write(_offset, part.Span))
            {
                return Ended(SnapshotFetchOutcome.SinkRefused, $"The sink refused the bytes at {_offset}.");
            }

            _offset += part.Length;
        }

        return null;
    }

    private SnapshotFetch Ended(SnapshotFetchOutcome outcome, string text) => new(outcome, SnapshotRefusal.None, text, Received);
}
