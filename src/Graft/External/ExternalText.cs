using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Graft;

/// <summary>Bytes in JSON: as a string where they are UTF-8 text, else in base64.</summary>
internal static class ExternalText
{
    private const string Base64 = "base64";

    /// <summary>Fewer escapes than a page of HTML needs; the same strings.</summary>
    internal static JsonWriterOptions Plain { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes bytes under <paramref name="name"/>, or under "base64" if they are no text.</summary>
    internal static void Write(Utf8JsonWriter json, string name, ReadOnlySpan<byte> bytes, bool isText = true)
    {
        if (isText && Utf8.IsValid(bytes))
        {
            json.WriteString(name, bytes);
        }
        else
        {
            json.WriteBase64String(Base64, bytes);
        }
    }

    /// <summary>Reads what an object has under <paramref name="name"/> as text, or in base64.</summary>
    internal static bool TryRead(JsonElement element, string name, out byte[] bytes, out bool isText)
    {
        isText = element.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String;
        if (isText)
        {
            bytes = Encoding.UTF8.GetBytes(text.GetString()!);
            return true;
        }

        bytes = [];
        return element.TryGetProperty(Base64, out JsonElement base64) && base64.ValueKind == JsonValueKind.String && base64.TryGetBytesFromBase64(out bytes!);
    }

    /// <summary>How much of a text fits, whole characters only.</summary>
    internal static int LengthOfText(ReadOnlySpan<byte> text, int lengthMax)
    {
        int length = Math.Min(text.Length, lengthMax);
        while (length < text.Length && (text[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return length;
    }
}
