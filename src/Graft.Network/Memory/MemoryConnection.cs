using System.IO.Pipelines;

namespace Graft.Network;

/// <summary>One end of a connection in memory.</summary>
internal sealed class MemoryConnection : IConnection
{
    private readonly MemoryPair _pair;
    private readonly MemoryPipeReader _input;
    private readonly MemoryPipeWriter _output;
    private readonly Lock _gate = new();
    private TaskCompletionSource? _cut;
    private int _isAborted;

    internal MemoryConnection(MemoryPair pair, PipeReader input, PipeWriter output, string remoteName)
    {
        (_pair, RemoteName) = (pair, remoteName);
        _input = new MemoryPipeReader(this, input);
        _output = new MemoryPipeWriter(this, output);
    }

    public PipeReader Input => _input;

    public PipeWriter Output => _output;

    public string RemoteName { get; }

    public IReadOnlyList<string> PeerNames => [];

    internal MemoryConnection? Peer { get; set; }

    /// <summary>Completed while bytes come through, and once this end is over.</summary>
    internal Task Open
    {
        get
        {
            lock (_gate)
            {
                return _cut?.Task ?? Task.CompletedTask;
            }
        }
    }

    internal bool IsAborted => Volatile.Read(ref _isAborted) != 0 || _pair.IsReset;

    public void Abort()
    {
        if (Interlocked.Exchange(ref _isAborted, 1) == 0)
        {
            _output.Complete();
            _input.CancelPendingRead();
            Heal();
            _pair.End(this);
        }
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        return ValueTask.CompletedTask;
    }

    internal void Cut()
    {
        lock (_gate)
        {
            _cut ??= new TaskCompletionSource();
        }
    }

    internal void Heal()
    {
        TaskCompletionSource? healed;
        lock (_gate)
        {
            (healed, _cut) = (_cut, null);
        }

        healed?.TrySetResult();
    }

    /// <summary>The other end is over: a write that waits for it doesn't wait any longer.</summary>
    internal void Notice() => _output.CancelPendingFlush();

    internal void ThrowIfAborted()
    {
        if (IsAborted)
        {
            throw new IOException("The connection was reset.");
        }
    }
}
