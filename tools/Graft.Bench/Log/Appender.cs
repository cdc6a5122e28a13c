using System.Threading.Tasks.Sources;
using Graft.Consensus;
using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>Appends one entry after the other to a group of its own, each when the one before is durable.</summary>
internal sealed class Appender : ILogCompletion, IValueTaskSource
{
    private readonly LogWriter _writer;
    private readonly LogWrite _write = new();
    private readonly GroupId _group;
    private readonly ReadOnlyMemory<byte> _payload;
    private ManualResetValueTaskSourceCore<bool> _done = new() { RunContinuationsAsynchronously = true };
    private ulong _index;

    internal Appender(LogWriter writer, GroupId group, ReadOnlyMemory<byte> payload) => (_writer, _group, _payload) = (writer, group, payload);

    internal long Appended { get; private set; }

    internal async Task RunAsync(Func<bool> goesOn)
    {
        while (goesOn())
        {
            await AppendAsync();
            Appended++;
        }
    }

    internal ValueTask AppendAsync()
    {
        _done.Reset();
        _index++;
        _write.Begin(_group);
        if (_index % 512 == 0)
        {
            _write.Start = new LogStart(EntryId.Of(1, _index - 256), LogIndex.Zero, ReadOnlyMemory<byte>.Empty);
        }

        _write.Add(StoredEntry.Born(EntryId.Of(1, _index), EntryKind.Command, _payload));
        _writer.Submit(_write, this);
        return new ValueTask(this, _done.Version);
    }

    void ILogCompletion.Durable(LogWrite write, FlushToken token) => _done.SetResult(true);

    void ILogCompletion.NoSpace(LogWrite write) => _done.SetException(new BenchmarkFailedException("The disk is full."));

    void ILogCompletion.Failed(LogWrite write, Exception why) => _done.SetException(why);

    void IValueTaskSource.GetResult(short token) => _done.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _done.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _done.OnCompleted(continuation, state, token, flags);
}
