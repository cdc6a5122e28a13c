namespace Graft.Simulation.Core;

/// <summary>Messages on their way: events name them by number, so that the event queue stays small and allocates nothing.</summary>
internal sealed class Slab
{
    private Envelope[] _envelopes = new Envelope[64];
    private readonly Stack<int> _free = new();
    private int _used;

    internal int Held => _used - _free.Count;

    internal ulong Put(in Envelope envelope)
    {
        if (!_free.TryPop(out int slot))
        {
            slot = _used++;
            if (slot == _envelopes.Length)
            {
                Array.Resize(ref _envelopes, slot * 2);
            }
        }

        _envelopes[slot] = envelope;
        return (ulong)slot;
    }

    internal ref readonly Envelope Peek(ulong slot) => ref _envelopes[(int)slot];

    internal Envelope Take(ulong slot)
    {
        Envelope envelope = _envelopes[(int)slot];
        _free.Push((int)slot);
        return envelope;
    }
}
