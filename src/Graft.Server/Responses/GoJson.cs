using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Graft.Server;

/// <summary>JSON byte for byte as Go's encoder writes it, which is what clients of the dialect were written against.</summary>
/// <remarks>
/// Escaped are <c>&lt;</c>, <c>&gt;</c>, <c>&amp;</c>, U+2028 and U+2029 besides what JSON asks for; a byte that isn't UTF-8 is U+FFFD; pretty is four blanks.
/// </remarks>
/// <param name="output">Takes the bytes.</param>
/// <param name="isPretty">A line for each member and element.</param>
internal sealed class GoJson(IBufferWriter<byte> output, bool isPretty = false)
{
    private static readonly SearchValues<byte> Special = SearchValues.Create(SpecialBytes());

    private int _depth;
    private bool _isFirst = true;
    private bool _isNamed;

    internal void BeginObject() => Begin((byte)'{');

    internal void EndObject() => End((byte)'}');

    internal void BeginArray() => Begin((byte)'[');

    internal void EndArray() => End((byte)']');

    internal void Name(string name)
    {
        Separate();
        Quote(Encoding.UTF8.GetBytes(name));
        output.Write(isPretty ? ": "u8 : ":"u8);
        _isNamed = true;
    }

    internal void Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    internal void Text(ReadOnlySpan<byte> text)
    {
        Separate();
        Quote(text);
    }

    internal void Number(long value)
    {
        Separate();
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out int length);
        output.Advance(length);
    }

    internal void Number(ulong value)
    {
        Separate();
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out int length);
        output.Advance(length);
    }

    /// <summary>A finite number.</summary>
    internal void Number(double value)
    {
        Separate();
        Ascii(GoNumber.Format(value));
    }

    internal void Boolean(bool value)
    {
        Separate();
        output.Write(value ? "true"u8 : "false"u8);
    }

    internal void Null()
    {
        Separate();
        output.Write("null"u8);
    }

    internal void Base64(ReadOnlySpan<byte> bytes)
    {
        Separate();
        Put((byte)'"');
        int length = Base64Length(bytes.Length);
        System.Buffers.Text.Base64.EncodeToUtf8(bytes, output.GetSpan(length), out _, out int written);
        output.Advance(written);
        Put((byte)'"');
    }

    private static int Base64Length(int bytes) => System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(bytes);

    private static byte[] SpecialBytes()
    {
        List<byte> special = [(byte)'"', (byte)'\\', (byte)'<', (byte)'>', (byte)'&'];
        for (int i = 0; i < 0x20; i++)
        {
            special.Add((byte)i);
        }

        for (int i = 0x80; i <= 0xFF; i++)
        {
            special.Add((byte)i);
        }

        return [.. special];
    }

    private void Begin(byte bracket)
    {
        Separate();
        Put(bracket);
        _depth++;
        _isFirst = true;
    }

    private void End(byte bracket)
    {
        _depth--;
        if (!_isFirst)
        {
            Break();
        }

        Put(bracket);
        _isFirst = false;
    }

    private void Separate()
    {
        if (_isNamed)
        {
            _isNamed = false;
            return;
        }

        if (_depth > 0)
        {
            if (!_isFirst)
            {
                Put((byte)',');
            }

            Break();
        }

        _isFirst = false;
    }

    private void Break()
    {
        if (isPretty)
        {
            Put((byte)'\n');
            for (int i = 0; i < _depth; i++)
            {
                output.Write("    "u8);
            }
        }
    }

    private void Quote(ReadOnlySpan<byte> text)
    {
        Put((byte)'"');
        while (!text.IsEmpty)
        {
            int plain = text.IndexOfAny(Special);
            if (plain != 0)
            {
                plain = plain < 0 ? text.Length : plain;
                output.Write(text[..plain]);
                text = text[plain..];
                continue;
            }

            text = text[Escape(text)..];
        }

        Put((byte)'"');
    }

    // How many bytes of the text it has taken.
    private int Escape(ReadOnlySpan<byte> text)
    {
        byte first = text[0];
        if (first < 0x80)
        {
            output.Write(first switch
            {
                (byte)'"' => "\\\""u8,
                (byte)'\\' => "\\\\"u8,
                (byte)'\n' => "\\n"u8,
                (byte)'\r' => "\\r"u8,
                (byte)'\t' => "\\t"u8,
                (byte)'\b' => "\\b"u8,
                (byte)'\f' => "\\f"u8,
                _ => default,
            });
            if (first is not ((byte)'"' or (byte)'\\' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)'\b' or (byte)'\f'))
            {
                Ascii(string.Create(CultureInfo.InvariantCulture, $"\\u{first:x4}"));
            }

            return 1;
        }

        // Go takes one byte at a time of what isn't UTF-8; runes of .NET would swallow several for one replacement.
        if (Rune.DecodeFromUtf8(text, out Rune rune, out int length) != OperationStatus.Done)
        {
            output.Write("\\ufffd"u8);
            return 1;
        }

        if (rune.Value is 0x2028 or 0x2029)
        {
            Ascii(rune.Value == 0x2028 ? "\\u2028" : "\\u2029");
        }
        else
        {
            output.Write(text[..length]);
        }

        return length;
    }

    private void Ascii(string text)
    {
        Span<byte> span = output.GetSpan(text.Length);
        output.Advance(Encoding.ASCII.GetBytes(text, span));
    }

    private void Put(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }
}
