using System.Text;

namespace Graft.Sqlite;

/// <summary>The values of one item, bound to one statement of it after the other.</summary>
internal sealed class ParameterBinder
{
    private readonly List<(ReadOnlyMemory<byte> Name, SqlValue Value)> _values = [];
    private int _next;

    /// <summary>Why the last <see cref="TryBind"/> failed: SQLite's code, or 25 if a value is missing.</summary>
    internal int Code { get; private set; }

    /// <summary>Why the last <see cref="TryBind"/> failed; null for SQLite's own message.</summary>
    internal string? Message { get; private set; }

    /// <summary>Takes the values of the current item.</summary>
    internal void Begin(ref SqlItemReader items)
    {
        _values.Clear();
        _next = 0;
        while (items.ReadParameter(out ReadOnlyMemory<byte> name, out SqlValue value))
        {
            _values.Add((name, value));
        }
    }

    /// <summary>Binds what a statement asks for: named parameters by name, the others in turn.</summary>
    internal bool TryBind(SqliteStatement statement)
    {
        int count = statement.ParameterCount;
        for (int position = 1; position <= count; position++)
        {
            ReadOnlySpan<byte> name = statement.ParameterName(position);
            int index = name.IsEmpty ? NextPositional() : IndexOf(name);
            if (index < 0)
            {
                Code = ResultCode.Range;
                Message = name.IsEmpty
                    ? $"parameter {position} has no value: more are used than were given"
                    : $"parameter {Encoding.UTF8.GetString(name)} has no value";
                return false;
            }

            Code = statement.Bind(position, _values[index].Value);
            if (Code != ResultCode.Ok)
            {
                Message = null;
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether values were given that no statement took. Named ones may be there for another text.</summary>
    internal bool HasUnused() => NextPositional() >= 0;

    private int NextPositional()
    {
        while (_next < _values.Count)
        {
            if (_values[_next++].Name.IsEmpty)
            {
                return _next - 1;
            }
        }

        return -1;
    }

    private int IndexOf(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < _values.Count; i++)
        {
            if (_values[i].Name.Span.SequenceEqual(name))
            {
                return i;
            }
        }

        return -1;
    }
}
