using System.Diagnostics.CodeAnalysis;
using Graft.Consensus;

namespace Graft.Sqlite;

/// <summary>Prepared statements of clients, by their text; the least recently used goes first.</summary>
/// <remarks>Nothing may depend on whether a statement was in here: traits are kept with it, and all of them go when the schema changes.</remarks>
internal sealed class StatementCache(int capacity) : IDisposable
{
    private readonly Dictionary<byte[], LinkedListNode<CachedStatement>> _byText = new(new TextComparer());
    private readonly LinkedList<CachedStatement> _used = new();

    public void Dispose() => Clear();

    internal bool TryGet(ReadOnlySpan<byte> sql, [NotNullWhen(true)] out CachedStatement? statement)
    {
        if (!_byText.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(sql, out LinkedListNode<CachedStatement>? node))
        {
            statement = null;
            return false;
        }

        _used.Remove(node);
        _used.AddFirst(node);
        statement = node.Value;
        return true;
    }

    /// <summary>Keeps a statement, and finalizes another for it if there's no room.</summary>
    internal void Add(CachedStatement statement)
    {
        if (_byText.Count == capacity)
        {
            LinkedListNode<CachedStatement> last = _used.Last!;
            _used.RemoveLast();
            _byText.Remove(last.Value.Sql);
            last.Value.Statement.Dispose();
        }

        _byText.Add(statement.Sql, _used.AddFirst(statement));
    }

    internal void Clear()
    {
        foreach (CachedStatement statement in _used)
        {
            statement.Statement.Dispose();
        }

        _used.Clear();
        _byText.Clear();
    }

    private sealed class TextComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => unchecked((int)Crc32C.Of(alternate));
    }
}
