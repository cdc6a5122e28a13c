using System.Diagnostics;
using System.Threading.Tasks.Sources;
using Graft.Consensus;

namespace Graft;

/// <summary>One write from its call to its outcome. Pooled: the caller that takes the outcome gives it back.</summary>
/// <remarks>
/// The outcome is set once, by whoever comes first: the group's actor, the deadline or the caller's cancellation. The actor keeps
/// a cancelled write until its entry's fate is decided, so an object goes back to the pool when both sides are through.
/// </remarks>
internal sealed class PendingWrite : IValueTaskSource<WriteResult>
{
    private readonly PendingWritePool _pool;
    private ManualResetValueTaskSourceCore<WriteResult> _source = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private int _isEnded;
    private int _holders;

    internal PendingWrite(PendingWritePool pool) => _pool = pool;

    internal ReadOnlyMemory<byte> Command { get; private set; }

    internal WriteOptions Options { get; set; }

    internal WriteForm Form { get; private set; }

    internal Instant Deadline { get; private set; }

    /// <summary>How often it was passed on before it came here.</summary>
    internal byte Hops { get; private set; }

    /// <summary>Where it was appended; zero before.</summary>
    internal EntryId Entry { get; private set; }

    /// <summary>Bytes of its entry, once it has one.</summary>
    internal int PlaceBytes { get; private set; }

    /// <summary>An earlier attempt under the same number may have been received elsewhere: what became of this one isn't the whole answer.</summary>
    internal bool IsInDoubt { get; set; }

    /// <summary>Who measures it; null if nobody does.</summary>
    internal GroupMeters? Meters { get; set; }

    /// <summary>When it was called, as the clock's timestamp.</summary>
    internal long BegunAt { get; set; }

    /// <summary>When it got its place in the log; zero before, and once its commit is measured.</summary>
    internal long AppendedAt { get; set; }

    /// <summary>Its trace; null if nobody listens.</summary>
    internal Activity? Trace { get; set; }

    internal bool IsEnded => Volatile.Read(ref _isEnded) != 0;

    internal int Size => EntryEnvelope.SizeOf(Form, Options.Session != 0, Command.Length);

    internal WriteId Id => new(Entry, Options.Session, Options.Sequence);

    internal ValueTask<WriteResult> Task => new(this, _source.Version);

    internal void Begin(WriteForm form, ReadOnlyMemory<byte> command, in WriteOptions options, Instant deadline, byte hops)
    {
        (Form, Command, Options, Deadline, Hops, Entry) = (form, command, options, deadline, hops, default);
        (IsInDoubt, _isEnded, _holders) = (false, 0, 2);
        (Meters, Trace, AppendedAt) = (null, null, 0);
    }

    /// <summary>It's in the log. The command's bytes are the entry's from here on, and it may be long until what they came to is known.</summary>
    internal void TakePlace(EntryId entry)
    {
        (Entry, PlaceBytes) = (entry, Size);
        Command = default;
    }

    /// <summary>Ends the wait, not the command, when the caller gives up.</summary>
    internal void ListenTo(CancellationToken cancellation)
    {
        if (cancellation.CanBeCanceled)
        {
            _cancellation = cancellation.UnsafeRegister(
                static (write, token) => ((PendingWrite)write!).TryFail(new OperationCanceledException(
                    "The wait was cancelled. If the command had been handed to the log by then, it may take effect all the same.", token)),
                this);
        }
    }

    internal bool TryComplete(in WriteResult result)
    {
        if (Interlocked.Exchange(ref _isEnded, 1) != 0)
        {
            return false;
        }

        Meters?.End(this, null);
        _source.SetResult(result);
        return true;
    }

    internal bool TryFail(Exception why)
    {
        if (Interlocked.Exchange(ref _isEnded, 1) != 0)
        {
            return false;
        }

        Meters?.End(this, why);
        _source.SetException(why);
        return true;
    }

    /// <summary>One of the two who hold it, caller and actor, is through with it.</summary>
    internal void LetGo()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Command = default;
            _source.Reset();
            _pool.Return(this);
        }
    }

    WriteResult IValueTaskSource<WriteResult>.GetResult(short token)
    {
        _cancellation.Dispose();
        _cancellation = default;
        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            LetGo();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<WriteResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<WriteResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
