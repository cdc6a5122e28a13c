using Graft.Storage;

namespace Graft;

/// <summary>A log whose disk calls are made on a thread of their own.</summary>
internal sealed class ThreadLogQueue(WriteAheadLog log, LogWriterOptions options) : ILogQueue
{
    private readonly LogWriter _writer = new(log, options);

    public long Flushes => _writer.Flushes;

    public void Submit(LogWrite write, ILogCompletion completion) => _writer.Submit(write, completion);

    public void Dispose() => _writer.Dispose();
}
