using System.IO.Pipelines;

namespace Graft.Network;

/// <summary>Both ends of one connection in memory, and the cable between them.</summary>
internal sealed class MemoryPair
{
    // A continuation goes to the context that it was awaited on. The pool is for those awaited on none: run inline, two ends on two threads
    // would each hold what the other waits for.
    private static readonly PipeOptions Options = new(useSynchronizationContext: true);

    private readonly MemoryNetwork _network;
    private int _ended;

    internal MemoryPair(MemoryNetwork network, string from, NodeAddress address)
    {
        (_network, From, Address) = (network, from, address);
        var there = new Pipe(Options);
        var back = new Pipe(Options);
        Dialed = new MemoryConnection(this, back.Reader, there.Writer, address.ToString());
        Accepted = new MemoryConnection(this, there.Reader, back.Writer, from);
        (Dialed.Peer, Accepted.Peer) = (Accepted, Dialed);
    }

    internal string From { get; }

    internal NodeAddress Address { get; }

    internal MemoryConnection Dialed { get; }

    internal MemoryConnection Accepted { get; }

    internal bool IsReset { get; private set; }

    internal void Cut()
    {
        Dialed.Cut();
        Accepted.Cut();
    }

    internal void Heal()
    {
        Dialed.Heal();
        Accepted.Heal();
    }

    internal void Reset()
    {
        IsReset = true;
        Dialed.Abort();
        Accepted.Abort();
    }

    /// <summary>One end is over. What it has sent can still be read at the other.</summary>
    internal void End(MemoryConnection end)
    {
        if (Interlocked.Increment(ref _ended) == 1)
        {
            _network.Remove(this);
        }

        end.Peer!.Notice();
    }
}
