using Graft.Sqlite;

namespace Graft.Server;

/// <summary>A write that waits in the queue.</summary>
internal sealed class QueuedWrite(long sequence, SqlRequest request, bool isAwaited)
{
    private readonly TaskCompletionSource<SqlAnswer> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Its number on this node, as the client was told.</summary>
    internal long Sequence => sequence;

    internal SqlRequest Request => request;

    /// <summary>Somebody waits for it: nothing is gained by holding it back.</summary>
    internal bool IsAwaited => isAwaited;

    /// <summary>What it came to.</summary>
    internal Task<SqlAnswer> Done => _done.Task;

    internal void Answer(SqlAnswer answer) => _done.TrySetResult(answer);
}
