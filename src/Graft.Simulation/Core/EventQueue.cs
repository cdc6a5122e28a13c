using System.Runtime.CompilerServices;
using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>The future of a world, in a binary heap.</summary>
/// <remarks>
/// Ordered by time, then by a draw from the seed, then by the order of scheduling: equal times are explored in different
/// orders by different seeds, and one seed explores them in one order for ever. (The framework's priority queue promises no
/// order among equals.)
/// </remarks>
internal sealed class EventQueue(SeededRandom ties)
{
    // The tie takes the upper bits of an order, the count of what was scheduled the lower ones.
    private const int CountBits = 44;

    private SimEvent[] _heap = new SimEvent[256];
    private ulong _scheduled;

    internal int Count { get; private set; }

    internal long NextAt => Count == 0 ? long.MaxValue : _heap[0].At;

    internal void Add(long at, EventKind kind, int node, int life, ulong argument)
    {
        ulong tie = ties.NextUInt64() >> CountBits;
        var added = new SimEvent(at, (tie << CountBits) | ++_scheduled, kind, (byte)node, life, argument);
        if (Count == _heap.Length)
        {
            Array.Resize(ref _heap, Count * 2);
        }

        SimEvent[] heap = _heap;
        int position = Count++;
        while (position > 0)
        {
            int parent = (position - 1) >> 1;
            if (!IsBefore(added, heap[parent]))
            {
                break;
            }

            heap[position] = heap[parent];
            position = parent;
        }

        heap[position] = added;
    }

    internal SimEvent Take()
    {
        SimEvent[] heap = _heap;
        SimEvent first = heap[0];
        SimEvent last = heap[--Count];
        int position = 0;
        while (true)
        {
            int child = (position << 1) + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && IsBefore(heap[child + 1], heap[child]))
            {
                child++;
            }

            if (!IsBefore(heap[child], last))
            {
                break;
            }

            heap[position] = heap[child];
            position = child;
        }

        heap[position] = last;
        return first;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsBefore(in SimEvent left, in SimEvent right) =>
        left.At < right.At || (left.At == right.At && left.Order < right.Order);
}
