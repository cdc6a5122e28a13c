namespace Graft.Sqlite;

/// <summary>Walks the items of a command or a query without making anything for them: texts and values are slices of its memory.</summary>
/// <remarks>
/// Damage may show behind items that were already handed out. Whoever runs them while reading has to undo them then, or reads once before
/// (<see cref="ExpectWhole"/>).
/// </remarks>
internal ref struct SqlItemReader
{
    private SqlByteReader _reader;
    private int _itemsLeft;
    private int _parametersLeft;

    internal SqlItemReader(SqlByteReader reader)
    {
        _reader = reader;
        Count = _itemsLeft = _reader.ReadCount("a count of items", 2);
    }

    /// <summary>How many items there are in all.</summary>
    internal int Count { get; }

    /// <summary>The position of the current item.</summary>
    internal readonly int Item => Count - _itemsLeft - 1;

    /// <summary>The SQL of the current item, or of the one before if it says so. UTF-8, unless a client sent something else.</summary>
    internal ReadOnlyMemory<byte> Sql { get; private set; }

    /// <summary>How many parameters the current item has in all.</summary>
    internal int ParameterCount { get; private set; }

    /// <summary>Goes to the next item; parameters of this one that weren't read are passed over.</summary>
    /// <returns>False behind the last.</returns>
    /// <exception cref="SqlFormatException">What follows is damaged, or something follows the last item.</exception>
    internal bool ReadItem()
    {
        while (ReadParameter(out _, out _))
        {
        }

        if (_itemsLeft == 0)
        {
            _reader.ExpectEnd();
            return false;
        }

        _itemsLeft--;
        ReadOnlyMemory<byte> sql = _reader.ReadBlob("the length of a text of SQL");
        Sql = sql.IsEmpty ? Sql : sql;
        ParameterCount = _parametersLeft = _reader.ReadCount("a count of parameters", 2);
        return true;
    }

    /// <summary>The next parameter of the current item.</summary>
    /// <param name="name">Without its sigil; empty if it's positional.</param>
    /// <param name="value">Its value.</param>
    /// <returns>False behind the last.</returns>
    /// <exception cref="SqlFormatException">What follows is damaged.</exception>
    internal bool ReadParameter(out ReadOnlyMemory<byte> name, out SqlValue value)
    {
        if (_parametersLeft == 0)
        {
            (name, value) = (default, default);
            return false;
        }

        _parametersLeft--;
        name = _reader.ReadBlob("the length of a parameter's name");
        value = _reader.ReadValue(isParameter: true);
        return true;
    }

    /// <summary>Reads all on a copy, so that nothing is found to be damaged later.</summary>
    /// <exception cref="SqlFormatException">It is damaged.</exception>
    internal readonly void ExpectWhole()
    {
        SqlItemReader copy = this;
        while (copy.ReadItem())
        {
        }
    }
}
