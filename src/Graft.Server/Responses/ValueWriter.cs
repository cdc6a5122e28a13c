using System.Globalization;
using System.Text.Unicode;
using Graft.Sqlite;

namespace Graft.Server;

/// <summary>One value as JSON.</summary>
internal static class ValueWriter
{
    // Up to here a double, and so JavaScript, holds every integer.
    private const long SafeMax = (1L << 53) - 1;

    internal static ColumnKind KindOf(SqlColumn column) => column.DeclaredType.ToUpperInvariant() switch
    {
        "BOOLEAN" => ColumnKind.Boolean,
        "DATE" or "DATETIME" or "TIMESTAMP" => ColumnKind.Time,
        _ => ColumnKind.Plain,
    };

    /// <summary>The declared type, or that of a value if none is declared.</summary>
    internal static string TypeOf(SqlColumn column, in SqlValue first) => column.DeclaredType.Length > 0
        ? column.DeclaredType.ToLowerInvariant()
        : first.Kind switch
        {
            SqlValueKind.Integer => "integer",
            SqlValueKind.Real => "real",
            SqlValueKind.Text => "text",
            SqlValueKind.Blob => "blob",
            _ => "",
        };

    internal static void Write(GoJson json, in SqlValue value, ColumnKind kind, Typing typing)
    {
        switch (value.Kind)
        {
            case SqlValueKind.Integer when typing == Typing.Lossless:
                WriteExactly(json, value.Integer);
                break;
            case SqlValueKind.Integer:
                WriteInteger(json, value.Integer, kind);
                break;
            case SqlValueKind.Real when typing == Typing.Lossless:
                WriteExactly(json, value.Real);
                break;
            case SqlValueKind.Real:
                WriteReal(json, value.Real);
                break;
            case SqlValueKind.Text when typing == Typing.Lossless:
                WriteExactly(json, value.Bytes.Span);
                break;
            case SqlValueKind.Text when kind == ColumnKind.Time && RenderedTime.Of(value.Bytes.Span) is { } time:
                json.Text(time);
                break;
            case SqlValueKind.Text:
                json.Text(value.Bytes.Span);
                break;
            case SqlValueKind.Blob:
                WriteBlob(json, value.Bytes.Span, typing);
                break;
            default:
                json.Null();
                break;
        }
    }

    private static void WriteInteger(GoJson json, long value, ColumnKind kind)
    {
        if (kind == ColumnKind.Boolean)
        {
            json.Boolean(value != 0);
        }
        else if (kind == ColumnKind.Time && RenderedTime.Of(value) is { } time)
        {
            json.Text(time);
        }
        else
        {
            json.Number(value);
        }
    }

    // JSON has no infinity, and a string costs one value where rqlite loses the whole answer.
    private static void WriteReal(GoJson json, double value)
    {
        if (double.IsFinite(value))
        {
            json.Number(value);
        }
        else
        {
            json.Text(value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void WriteBlob(GoJson json, ReadOnlySpan<byte> bytes, Typing typing)
    {
        switch (typing)
        {
            case Typing.BlobArray:
                json.BeginArray();
                foreach (byte each in bytes)
                {
                    json.Number((long)each);
                }

                json.EndArray();
                break;
            case Typing.Lossless:
                json.BeginObject();
                json.Name(TaggedValue.Blob);
                json.Base64(bytes);
                json.EndObject();
                break;
            default:
                json.Base64(bytes);
                break;
        }
    }

    private static void WriteExactly(GoJson json, long value)
    {
        if (value is >= -SafeMax and <= SafeMax)
        {
            json.Number(value);
        }
        else
        {
            WriteTagged(json, TaggedValue.Integer, value.ToString(CultureInfo.InvariantCulture));
        }
    }

    // A whole number without its tag would come back as an integer.
    private static void WriteExactly(GoJson json, double value)
    {
        if (double.IsFinite(value) && !double.IsInteger(value))
        {
            json.Number(value);
        }
        else
        {
            string text = value.ToString("R", CultureInfo.InvariantCulture);
            bool isBare = double.IsFinite(value) && !text.AsSpan().ContainsAny('.', 'E');
            WriteTagged(json, TaggedValue.Real, isBare ? $"{text}.0" : text);
        }
    }

    private static void WriteExactly(GoJson json, ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            json.Text(text);
        }
        else
        {
            json.BeginObject();
            json.Name(TaggedValue.Text);
            json.Base64(text);
            json.EndObject();
        }
    }

    private static void WriteTagged(GoJson json, string tag, string content)
    {
        json.BeginObject();
        json.Name(tag);
        json.Text(content);
        json.EndObject();
    }
}
