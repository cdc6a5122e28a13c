using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary>A value of SQLite as it's printed.</summary>
internal static class ValueText
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("-0123456789");

    internal static string ForPeople(SqlValue value) => value.Kind switch
    {
        SqlValueKind.Null => "NULL",
        SqlValueKind.Text => value.Text,
        SqlValueKind.Real => Real(value.Real),
        _ => value.ToString(),
    };

    /// <summary>RFC 4180: NULL is nothing, and an empty text is a pair of quotes.</summary>
    internal static string ForCsv(SqlValue value) => value.Kind switch
    {
        SqlValueKind.Null => "",
        SqlValueKind.Text => CsvField(value.Text),
        _ => ForPeople(value),
    };

    internal static string CsvField(string text) =>
        text.Length == 0 || text.AsSpan().IndexOfAny("\",\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    /// <summary>A blob is an object with base64 in it, and so is a real that JSON has no number for.</summary>
    internal static void WriteJson(Utf8JsonWriter json, SqlValue value)
    {
        switch (value.Kind)
        {
            case SqlValueKind.Null:
                json.WriteNullValue();
                break;
            case SqlValueKind.Integer:
                json.WriteNumberValue(value.Integer);
                break;
            case SqlValueKind.Real when double.IsFinite(value.Real):
                json.WriteRawValue(Real(value.Real));
                break;
            case SqlValueKind.Real:
                WriteWrapped(json, "$real", Real(value.Real));
                break;
            case SqlValueKind.Text:
                json.WriteStringValue(value.Text);
                break;
            default:
                WriteWrapped(json, "$blob", Convert.ToBase64String(value.Bytes.Span));
                break;
        }
    }

    // As SQLite writes it: a real never looks like an integer.
    private static string Real(double value)
    {
        string text = value switch
        {
            double.PositiveInfinity => "Inf",
            double.NegativeInfinity => "-Inf",
            _ => value.ToString("R", CultureInfo.InvariantCulture),
        };
        return text.AsSpan().IndexOfAnyExcept(Digits) < 0 ? $"{text}.0" : text;
    }

    private static void WriteWrapped(Utf8JsonWriter json, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString(name, value);
        json.WriteEndObject();
    }
}
