using System.Text;
using Graft.Sqlite;

namespace Graft.Server.Tests;

public sealed class StatementParserTests
{
    [Fact]
    public void Plain_and_parameterized_statements_may_be_mixed()
    {
        IReadOnlyList<SqlStatement> statements = Parse("""["SELECT 1",["INSERT INTO t VALUES(?,?)",7,"seven"],["SELECT 2"]]""");

        Assert.Equal(["SELECT 1", "INSERT INTO t VALUES(?,?)", "SELECT 2"], statements.Select(statement => statement.Sql));
        Assert.Equal([(null, SqlValue.FromInteger(7)), (null, SqlValue.FromText("seven"))], Pairs(statements[1]));
        Assert.Empty(statements[2].Parameters);
    }

    [Fact]
    public void An_objects_members_are_bound_by_name() =>
        Assert.Equal(
            [("name", SqlValue.FromText("fiona")), ("age", SqlValue.FromInteger(20)), (null, SqlValue.FromInteger(1))],
            Pairs(Parse("""[["…",{"name":"fiona","age":20},1]]""")[0]));

    [Theory]
    [InlineData("1", "1")]
    [InlineData("-0", "0")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("1e3", "1000")]
    [InlineData("0.5", "0.5")]
    [InlineData("true", "1")]
    [InlineData("false", "0")]
    [InlineData("null", "NULL")]
    [InlineData("\"x'0aFF'\"", "x'0aff'")]
    [InlineData("\"X''\"", "x''")]
    [InlineData("\"x'0'\"", "'x''0'''")]
    [InlineData("\"x'zz'\"", "'x''zz'''")]
    [InlineData("[0,255]", "x'00ff'")]
    [InlineData("[]", "x''")]
    [InlineData("{\"$integer\":\"-9223372036854775808\"}", "-9223372036854775808")]
    [InlineData("{\"$real\":\"1e3\"}", "1000")]
    [InlineData("{\"$real\":\"-Infinity\"}", "-Infinity")]
    [InlineData("{\"$blob\":\"AP8=\"}", "x'00ff'")]
    [InlineData("{\"a\":{\"$blob\":\"AP8=\"}}", "x'00ff'")]
    [InlineData("{\"$text\":\"eCcwMCc=\"}", "'x''00'''")]
    public void A_parameter_becomes_the_value_that_it_says(string json, string literal) =>
        Assert.Equal(literal, Value(json).ToString());

    [Theory]
    [InlineData("1.0")]
    [InlineData("1e0")]
    public void A_number_with_a_fraction_or_an_exponent_is_a_real(string json) => Assert.Equal(SqlValueKind.Real, Value(json).Kind);

    [Fact]
    public void A_tagged_text_may_hold_any_bytes() =>
        Assert.Equal([0xFF, 0x00, 0x61], Value("""{"$text":"/wBh"}""").Bytes.ToArray());

    [Fact]
    public void Without_loss_a_text_is_a_text() =>
        Assert.Equal(
            SqlValue.FromText("x'00'"),
            StatementParser.Parse("""[["…","x'00'"]]"""u8, isLossless: true)[0].Parameters[0].Value);

    [Theory]
    [InlineData("", "invalid JSON body")]
    [InlineData("[", "invalid JSON body")]
    [InlineData("[\"SELECT 1\"", "invalid JSON body")]
    [InlineData("[\"a\"] [\"b\"]", "invalid JSON body")]
    [InlineData("garbage", "invalid JSON body")]
    [InlineData("{\"a\":", "invalid JSON body")]
    [InlineData("{}", "invalid request")]
    [InlineData("\"SELECT 1\"", "invalid request")]
    [InlineData("[1]", "invalid request")]
    [InlineData("[null]", "invalid request")]
    [InlineData("[[]]", "invalid request")]
    [InlineData("[[1,2]]", "invalid request")]
    [InlineData("[]", "no statements")]
    [InlineData("[[\"…\",1e400]]", "invalid number 1e400")]
    public void What_is_no_request_is_refused_in_the_dialects_words(string json, string error) =>
        Assert.Equal(error, Refusal(json));

    [Theory]
    [InlineData("[[\"…\",[256]]]", "unsupported type")]
    [InlineData("[[\"…\",[\"a\"]]]", "unsupported type")]
    [InlineData("[[\"…\",[[1]]]]", "unsupported type")]
    [InlineData("[[\"…\",{\"a\":{\"b\":1}}]]", "unsupported type")]
    [InlineData("[[\"…\",{\"a\":{}}]]", "unsupported type")]
    [InlineData("[[\"…\",{\"$integer\":7}]]", "$integer takes an integer of 64 bits as a string")]
    [InlineData("[[\"…\",{\"$integer\":\"7.5\"}]]", "$integer takes an integer of 64 bits as a string")]
    [InlineData("[[\"…\",{\"$blob\":\"?\"}]]", "$blob takes base64 as a string")]
    [InlineData("[[\"…\",{\"$blob\":\"\",\"b\":1}]]", "$blob stands alone in its object")]
    [InlineData("[\"\\ud800\"]", "invalid JSON body: a text isn't UTF-8")]
    public void What_would_be_changed_by_taking_it_is_refused(string json, string error) =>
        Assert.StartsWith(error, Refusal(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("123456789012345678901234567890")]
    public void An_integer_beyond_64_bits_isnt_rounded_but_refused(string number) =>
        Assert.StartsWith($"invalid number {number}: it doesn't fit 64 bits", Refusal($"[[\"…\",{number}]]"), StringComparison.Ordinal);

    [Fact]
    public void Whatever_the_bytes_are_they_are_a_request_or_a_refusal()
    {
        var random = new Random(1);
        byte[][] seeds =
        [
            """[["a",1,{"b":[1,2],"$x":null},{"$blob":"AA=="}],"c"]"""u8.ToArray(),
            """[["a","x'00'",1e3,-1]]"""u8.ToArray(),
        ];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] body = [.. seeds[i % 2]];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                body[random.Next(body.Length)] = (byte)(random.Next(3) == 0 ? random.Next(256) : "[]{}\",:1$\\"[random.Next(10)]);
            }

            try
            {
                Assert.NotEmpty(StatementParser.Parse(body.AsSpan(0, random.Next(body.Length + 1))));
            }
            catch (RequestRefusedException refused)
            {
                Assert.Equal(400, refused.Status);
            }
        }
    }

    private static IReadOnlyList<SqlStatement> Parse(string json) => StatementParser.Parse(Encoding.UTF8.GetBytes(json));

    private static SqlValue Value(string json) => Parse($"[[\"…\",{json}]]")[0].Parameters[0].Value;

    private static string Refusal(string json) => Assert.Throws<RequestRefusedException>(() => Parse(json)).Message;

    private static IEnumerable<(string?, SqlValue)> Pairs(SqlStatement statement) =>
        statement.Parameters.Select(parameter => (parameter.Name, parameter.Value));
}
