using System.Threading.Tasks.Sources;
using Graft.Consensus;
using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>Appends one entry after the other to a group of its own, each when the one before is durable: a task on the pool.</summary>
internal sealed class Appender : ILogCompletion, IValueTaskSource
{
    private readonly LogWriter _writer;
    private readonly AppendedEntries _entries;
    private ManualResetValueTaskSourceCore<bool> _done = new() { RunContinuationsAsynchronously = true };

    internal Appender(LogWriter writer, GroupId group, ReadOnlyMemory<byte> payload) =>
        (_writer, _entries) = (writer, new AppendedEntries(group, payload));

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
        _writer.Submit(_entries.Next(), this);
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
