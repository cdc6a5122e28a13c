namespace Graft.Consensus;

/// <summary>A growing array that is filled, read once and cleared, and allocates nothing once it is large enough.</summary>
internal sealed class Batch<T>
{
    private T[] _items = new T[4];

    internal int Count { get; private set; }

    internal ReadOnlySpan<T> Items => _items.AsSpan(0, Count);

    internal void Add(in T item)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        _items[Count++] = item;
    }

    internal void Clear() => Count = 0;
}
