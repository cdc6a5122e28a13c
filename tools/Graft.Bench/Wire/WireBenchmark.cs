using System.Diagnostics;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Bench.Wire;

/// <summary>One kind of message through a link's buffer and out of its frames again.</summary>
internal sealed class WireBenchmark
{
    private const int MessagesPerTurn = 256;
    private const int PayloadBytes = 256;
    private const int Rounds = 5;

    private static readonly MessageEnds Ends = new(new ClusterId(1), new NodeId(1), new NodeId(2), new Incarnation(1));

    private readonly Outbox _outbox = new(64 << 20, TimeProvider.System);
    private readonly BlockPool _pool = new();
    private readonly List<PeerMessage> _decoded = [];
    private readonly Message _message;
    private readonly WireEntry[] _entries;

    internal WireBenchmark(string name, int entries)
    {
        Name = name;
        _entries = [.. Enumerable.Range(0, entries).Select(i => new WireEntry(1, (uint)i, false, new byte[PayloadBytes]))];
        _message = new Message
        {
            Kind = entries == 0 ? MessageKind.Heartbeat : MessageKind.AppendEntries,
            Cluster = Ends.Cluster,
            From = Ends.From,
            To = Ends.To,
            FromIncarnation = Ends.FromIncarnation,
            ToIncarnation = new Incarnation(3),
            Term = new Term(12),
            Entry = entries == 0 ? default : EntryId.Of(12, 1_000_000),
            Last = entries == 0 ? default : new LogIndex(1_000_000 + (ulong)entries),
            EntriesTerm = entries == 0 ? default : new Term(12),
            Commit = new LogIndex(999_990),
            Round = 70_000,
            Sequence = entries == 0 ? 0UL : 80_000,
            Bytes = entries * PayloadBytes,
        };
    }

    internal static IReadOnlyList<WireBenchmark> All =>
        [new("heartbeat", 0), new("append of 1 x 256 B", 1), new("append of 16 x 256 B", 16)];

    internal string Name { get; }

    /// <summary>Bytes on the wire for each message, its share of the frame's header included.</summary>
    internal double WireBytes { get; private set; }

    internal Sample Measure(TimeSpan duration)
    {
        // The first turns let all buffers grow to their size: the link's two, which take turns, and those of the frames.
        for (int i = 0; i < 2 * Rounds; i++)
        {
            RunTurn();
        }

        // The least allocation: under pressure the shared pool leaves its arrays to the collector, which is no message's doing.
        Sample[] samples = [.. Enumerable.Range(0, Rounds).Select(_ => MeasureOnce(duration / Rounds))];
        return Sample.MedianOf(samples) with { Bytes = samples.Min(sample => sample.Bytes) };
    }

    private Sample MeasureOnce(TimeSpan duration)
    {
        long messages = 0;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        TimeSpan elapsed;
        do
        {
            RunTurn();
            messages += MessagesPerTurn;
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < duration);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return new Sample(elapsed.TotalNanoseconds / messages, (double)allocated / messages);
    }

    private void RunTurn()
    {
        for (int i = 0; i < MessagesPerTurn; i++)
        {
            WireFrames.Require(_outbox.TryAddMessage(new GroupId(1), _message, _entries, Ends));
        }

        WireFrames.Require(_outbox.TryTake(out ReadOnlyMemory<byte> frames, out _));
        WireBytes = (double)frames.Length / MessagesPerTurn;
        WireFrames.Decode(frames.Span, Ends, _pool, _decoded);
        _outbox.EndWrite();
        WireFrames.Require(_decoded.Count == MessagesPerTurn);
        foreach (PeerMessage message in _decoded)
        {
            message.Release();
        }

        _decoded.Clear();
    }
}
