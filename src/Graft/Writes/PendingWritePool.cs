using System.Collections.Concurrent;

namespace Graft;

/// <summary>Writes to be used again.</summary>
internal sealed class PendingWritePool
{
    private const int Kept = 4096;

    private readonly ConcurrentQueue<PendingWrite> _free = new();

    internal PendingWrite Rent() => _free.TryDequeue(out PendingWrite? write) ? write : new PendingWrite(this);

    internal void Return(PendingWrite write)
    {
        if (_free.Count < Kept)
        {
            _free.Enqueue(write);
        }
    }
}
