using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Graft.Cli;

/// <summary>JSON on one line, with its line break.</summary>
internal static class JsonText
{
    // What is printed goes to a terminal or a file, not into a page: quotes and umlauts stay what they are.
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static string Of(Action<Utf8JsonWriter> write, bool isIndented = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, isIndented ? Compact with { Indented = true, IndentCharacter = '\t', IndentSize = 1 } : Compact))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    /// <summary>A document of ours: version and kind come first.</summary>
    internal static string OfKind(string kind, Action<Utf8JsonWriter> write) => Of(json =>
    {
        json.WriteStartObject();
        json.WriteString("apiVersion", "v1");
        json.WriteString("kind", kind);
        write(json);
        json.WriteEndObject();
    });
}
