using Graft.Consensus;
using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>A caller on a thread of its own, which sleeps until it is told.</summary>
internal sealed class BlockingCaller : ILogCompletion
{
    private readonly object _gate = new();
    private readonly LogWrite _write = new();
    private bool _isDone;
    private ulong _index;

    /// <summary>Microseconds of each append until the time is over.</summary>
    internal List<double> Measure(LogWriter writer, byte[] payload, TimeSpan duration) =>
        Repeated.Measure(duration, () => Append(writer, payload));

    void ILogCompletion.Durable(LogWrite write, FlushToken token) => Wake();

    void ILogCompletion.NoSpace(LogWrite write) => Wake();

    void ILogCompletion.Failed(LogWrite write, Exception why) => Wake();

    private void Append(LogWriter writer, byte[] payload)
    {
        _write.Begin(new GroupId(1));
        _write.Add(StoredEntry.Born(EntryId.Of(1, ++_index), EntryKind.Command, payload));
        _isDone = false;
        writer.Submit(_write, this);
        lock (_gate)
        {
            while (!_isDone)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            _isDone = true;
            Monitor.Pulse(_gate);
        }
    }
}
