using Graft.Consensus;

namespace Graft.Bench;

/// <summary>The newest entries of one node: what a host keeps beside a core, which knows indexes and terms alone.</summary>
/// <remarks>
/// Without it a core would be measured on half of the work: a library that carries the entries itself also pays for moving
/// them. Older entries are overwritten, which is all the compaction that the benchmark needs.
/// </remarks>
internal sealed class MemoryLog
{
    private readonly (Term Term, byte[] Payload)[] _ring;

    /// <param name="entries">How many entries to keep; a power of two.</param>
    internal MemoryLog(int entries) => _ring = new (Term, byte[])[entries];

    internal void Append(EntryId first, EntryId last, byte[] payload)
    {
        for (LogIndex index = first.Index; index <= last.Index; index = index.Next)
        {
            _ring[Slot(index)] = (last.Term, payload);
        }
    }

    /// <summary>Takes in the entries of a message, as they lie in the sender's log.</summary>
    internal void Receive(in Message append, MemoryLog sender)
    {
        int first = Slot(append.Previous.Index.Next);
        int count = (int)append.EntryCount;
        int untilWrap = Math.Min(count, _ring.Length - first);
        Array.Copy(sender._ring, first, _ring, first, untilWrap);
        Array.Copy(sender._ring, 0, _ring, 0, count - untilWrap);
    }

    /// <summary>Whether both hold the same entry at <paramref name="id"/>.</summary>
    internal bool Agrees(MemoryLog other, EntryId id)
    {
        (Term term, byte[] payload) = _ring[Slot(id.Index)];
        return term == id.Term && other._ring[Slot(id.Index)] == (term, payload);
    }

    private int Slot(LogIndex index) => (int)(index.Value & ((ulong)_ring.Length - 1));
}
