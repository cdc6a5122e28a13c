using System.Collections.Concurrent;

namespace Graft;

/// <summary>Buffers for old entries, shared by the groups of a node: each is large, and few groups read at any time.</summary>
internal sealed class EntryLoads
{
    private const int Kept = 8;

    private readonly ConcurrentQueue<EntryLoad> _free = new();

    internal EntryLoad Rent() => _free.TryDequeue(out EntryLoad? used) ? used : new EntryLoad();

    internal void Return(EntryLoad load)
    {
        if (_free.Count < Kept)
        {
            _free.Enqueue(load);
        }
    }
}
