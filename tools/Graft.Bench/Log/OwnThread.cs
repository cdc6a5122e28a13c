using Graft.Consensus;
using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>Appends on the thread that also writes and flushes.</summary>
internal sealed class OwnThread(WriteAheadLog log, byte[] payload, int batch)
{
    private readonly LogWrite _write = new();
    private ulong _index;
    private int _turns;

    /// <summary>What a batch of one entry takes on disk.</summary>
    internal int BatchBytes { get; private set; }

    /// <summary>Microseconds of each append until the time is over.</summary>
    internal List<double> Measure(TimeSpan duration) => Repeated.Measure(duration, Append);

    private void Append()
    {
        _write.Begin(new GroupId(1));
        if (_turns++ % 1024 == 1023)
        {
            _write.Start = new LogStart(EntryId.Of(1, _index - (_index / 2)), LogIndex.Zero, ReadOnlyMemory<byte>.Empty);
        }

        for (int i = 0; i < batch; i++)
        {
            _write.Add(StoredEntry.Born(EntryId.Of(1, ++_index), EntryKind.Command, payload));
        }

        while (log.Stage(_write) == StageOutcome.BatchFull)
        {
            log.Write();
            log.Flush();
        }

        log.Write();
        FlushToken token = log.Flush();
        if (!token.Covers(_write))
        {
            throw new BenchmarkFailedException("A write was acknowledged that isn't durable.");
        }

        BatchBytes = (batch * (64 + ((payload.Length + 7) & ~7))) + 64 + 112;
    }
}
