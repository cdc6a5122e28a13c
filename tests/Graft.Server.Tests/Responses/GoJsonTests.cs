using System.Buffers;
using System.Text;

namespace Graft.Server.Tests;

public sealed class GoJsonTests
{
    [Theory]
    [InlineData("<a href='x'>&amp;", "\\u003ca href='x'\\u003e\\u0026amp;")]
    [InlineData("\u2028\u2029", "\\u2028\\u2029")]
    [InlineData("\"\\/\b\f\n\r\t", "\\\"\\\\/\\b\\f\\n\\r\\t")]
    [InlineData("\0\u001f\u007f", "\\u0000\\u001f\u007f")]
    [InlineData("fée 日本 🙂", "fée 日本 🙂")]
    public void A_text_is_escaped_as_Go_does(string text, string expected) => Assert.Equal($"\"{expected}\"", Write(json => json.Text(text)));

    [Fact]
    public void Each_byte_that_isnt_UTF8_is_one_replacement() =>
        Assert.Equal("\"a\\ufffd\\ufffd\\ufffdb\\ufffd\"", Write(json => json.Text([(byte)'a', 0xFF, 0xE2, 0x82, (byte)'b', 0xC3])));

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(-0.0, "-0")]
    [InlineData(1.0, "1")]
    [InlineData(-1.5, "-1.5")]
    [InlineData(0.1, "0.1")]
    [InlineData(123456.789, "123456.789")]
    [InlineData(0.000001, "0.000001")]
    [InlineData(0.0000001, "1e-7")]
    [InlineData(1.25e-10, "1.25e-10")]
    [InlineData(1e15, "1000000000000000")]
    [InlineData(1e16, "10000000000000000")]
    [InlineData(1.5e20, "150000000000000000000")]
    [InlineData(1e21, "1e+21")]
    [InlineData(9.223372036854776e18, "9223372036854775807")]
    [InlineData(double.MaxValue, "1.7976931348623157e+308")]
    [InlineData(double.Epsilon, "5e-324")]
    public void A_double_is_written_as_Go_does(double value, string expected)
    {
        string written = Write(json => json.Number(value));

        Assert.Equal(value, double.Parse(written, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(expected == "9223372036854775807" ? "9223372036854776000" : expected, written);
    }

    [Fact]
    public void Pretty_is_four_blanks_and_nothing_within_what_is_empty()
    {
        string pretty = Write(Sample, isPretty: true);

        Assert.Equal(
            """
            {
                "a": [
                    1,
                    [],
                    {}
                ],
                "b": {
                    "c": null
                }
            }
            """,
            pretty);
        Assert.Equal("""{"a":[1,[],{}],"b":{"c":null}}""", Write(Sample));
    }

    private static void Sample(GoJson json)
    {
        json.BeginObject();
        json.Name("a");
        json.BeginArray();
        json.Number(1L);
        json.BeginArray();
        json.EndArray();
        json.BeginObject();
        json.EndObject();
        json.EndArray();
        json.Name("b");
        json.BeginObject();
        json.Name("c");
        json.Null();
        json.EndObject();
        json.EndObject();
    }

    private static string Write(Action<GoJson> write, bool isPretty = false)
    {
        var output = new ArrayBufferWriter<byte>();
        write(new GoJson(output, isPretty));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
