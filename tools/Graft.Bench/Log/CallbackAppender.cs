using Graft.Consensus;
using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>
/// Appends one entry after the other to a group of its own, each when it is told of the one before, on the thread that tells: as
/// the actor of a group does, which takes note, has the next write ready and hands it over.
/// </summary>
internal sealed class CallbackAppender : ILogCompletion
{
    private readonly Action<LogWrite, ILogCompletion> _submit;
    private readonly AppendedEntries _entries;
    private Func<bool>? _goesOn;
    private CountdownEvent? _running;

    internal CallbackAppender(Action<LogWrite, ILogCompletion> submit, GroupId group, ReadOnlyMemory<byte> payload) =>
        (_submit, _entries) = (submit, new AppendedEntries(group, payload));

    internal long Appended { get; private set; }

    /// <summary>Appends until told otherwise; the counter counts down then.</summary>
    internal void Start(Func<bool> goesOn, CountdownEvent running)
    {
        (_goesOn, _running) = (goesOn, running);
        _submit(_entries.Next(), this);
    }

    void ILogCompletion.Durable(LogWrite write, FlushToken token)
    {
        Appended++;
        if (_goesOn!())
        {
            _submit(_entries.Next(), this);
        }
        else
        {
            _running!.Signal();
        }
    }

    void ILogCompletion.NoSpace(LogWrite write) => throw new BenchmarkFailedException("The disk is full.");

    void ILogCompletion.Failed(LogWrite write, Exception why) => throw new BenchmarkFailedException(why.Message);
}
