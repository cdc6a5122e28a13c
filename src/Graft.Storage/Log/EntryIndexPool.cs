namespace Graft.Storage;

/// <summary>Blocks of the entry index that are free.</summary>
internal sealed class EntryIndexPool
{
    private readonly Stack<uint[]> _free = new();

    internal uint[] Rent() => _free.TryPop(out uint[]? block) ? block : new uint[EntryIndex.BlockSize];

    internal void Return(uint[] block)
    {
        Array.Clear(block);
        _free.Push(block);
    }
}
