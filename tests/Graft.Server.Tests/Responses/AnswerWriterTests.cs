using System.Buffers;
using System.Text;
using Graft.Sqlite;

namespace Graft.Server.Tests;

public sealed class AnswerWriterTests
{
    private static readonly SqlValue One = SqlValue.FromInteger(1);
    private static readonly SqlValue Two = SqlValue.FromInteger(2);

    [Fact]
    public void Zeros_are_left_out_of_what_was_changed() =>
        Assert.Equal(
            """{"results":[{"last_insert_id":1,"rows_affected":1},{"rows_affected":2},{}]}""",
            Write("", Answer(new SqlChange(0, 1, 1), new SqlChange(1, 2, 0), new SqlChange(2, 0, 0)), texts: 3));

    [Fact]
    public void Associative_says_null_where_nothing_was_asked() =>
        Assert.Equal(
            """{"results":[{"last_insert_id":7,"rows_affected":1,"rows":null}]}""",
            Write("associative", Answer(new SqlChange(0, 1, 7))));

    [Fact]
    public void Rows_have_columns_types_and_values() =>
        Assert.Equal(
            """{"results":[{"columns":["id","name"],"types":["integer","text"],"values":[[1,"fiona"],[2,null]]}]}""",
            Query("", Rows([("id", "INTEGER", "t"), ("name", "TEXT", "t")], One, SqlValue.FromText("fiona"), Two, SqlValue.Null)));

    [Fact]
    public void Values_are_left_out_if_there_are_no_rows() =>
        Assert.Equal(
            """{"results":[{"columns":["id","x"],"types":["integer",""]}]}""",
            Query("", Rows([("id", "INTEGER", "t"), ("x", "", "")])));

    [Fact]
    public void An_expression_has_the_type_of_its_first_value() =>
        Assert.Equal(
            """{"results":[{"columns":["a","b","c","d","e"],"types":["integer","real","text","blob",""],"values":[[1,1.5,"x","AA==",null]]}]}""",
            Query("", Rows(
                [("a", "", ""), ("b", "", ""), ("c", "", ""), ("d", "", ""), ("e", "", "")],
                One, SqlValue.FromReal(1.5), SqlValue.FromText("x"), SqlValue.FromBlob(new byte[1]), SqlValue.Null)));

    [Fact]
    public void Associative_rows_are_objects_and_the_later_of_two_names_counts() =>
        Assert.Equal(
            """{"results":[{"types":{"b":"text","id":"integer"},"rows":[{"b":"x","id":2}]}]}""",
            Query("associative", Rows([("id", "INTEGER", "t"), ("b", "TEXT", "t"), ("id", "", "u")], One, SqlValue.FromText("x"), Two)));

    [Fact]
    public void Associative_rows_are_there_even_if_none_are() =>
        Assert.Equal("""{"results":[{"types":{"id":"integer"},"rows":[]}]}""", Query("associative", Rows([("id", "INTEGER", "t")])));

    [Fact]
    public void Qualified_columns_name_their_table() =>
        Assert.Equal(
            """{"results":[{"columns":["t.id","u.id","1"],"types":["integer","integer","integer"],"values":[[1,2,1]]}]}""",
            Query("qualify_columns", Rows([("id", "INTEGER", "t"), ("id", "INTEGER", "u"), ("1", "", "")], One, Two, One)));

    [Theory]
    [InlineData("", "\"AP8=\"")]
    [InlineData("blob_array", "[0,255]")]
    [InlineData("typing=lossless", "{\"$blob\":\"AP8=\"}")]
    public void A_blob_is_never_made_text(string form, string value)
    {
        SqlValue blob = SqlValue.FromBlob(new byte[] { 0, 255 });
        foreach (string declared in (string[])["", "TEXT", "BLOB"])
        {
            Assert.EndsWith($"\"values\":[[{value}]]}}]}}", Query(form, Rows([("a", declared, "")], blob)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(double.PositiveInfinity, "\"Infinity\"", "{\"$real\":\"Infinity\"}")]
    [InlineData(double.NegativeInfinity, "\"-Infinity\"", "{\"$real\":\"-Infinity\"}")]
    [InlineData(1.0, "1", "{\"$real\":\"1.0\"}")]
    [InlineData(-0.0, "-0", "{\"$real\":\"-0.0\"}")]
    [InlineData(1e300, "1e+300", "{\"$real\":\"1E+300\"}")]
    [InlineData(0.1, "0.1", "0.1")]
    public void A_real_costs_no_other_value_its_answer(double real, string dialect, string lossless)
    {
        SqlRows rows = Rows([("a", "REAL", "t")], SqlValue.FromReal(real));

        Assert.EndsWith($"[[{dialect}]]}}]}}", Query("", rows), StringComparison.Ordinal);
        Assert.EndsWith($"[[{lossless}]]}}]}}", Query("typing=lossless", rows), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9007199254740991, "9007199254740991")]
    [InlineData(9007199254740992, "{\"$integer\":\"9007199254740992\"}")]
    [InlineData(long.MinValue, "{\"$integer\":\"-9223372036854775808\"}")]
    public void Without_loss_an_integer_that_a_double_doesnt_hold_is_tagged(long value, string written)
    {
        SqlRows rows = Rows([("a", "BOOLEAN", "t")], SqlValue.FromInteger(value));

        Assert.EndsWith($"[[{written}]]}}]}}", Query("typing=lossless", rows), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_loss_what_is_written_is_read_as_the_same_values()
    {
        SqlValue[] values =
        [
            SqlValue.Null, SqlValue.FromInteger(long.MaxValue), One, SqlValue.FromReal(1), SqlValue.FromReal(-0.0), SqlValue.FromReal(double.Epsilon),
            SqlValue.FromReal(double.NegativeInfinity), SqlValue.FromText("x'00'"), SqlValue.FromText("<\0\u2028>"),
            SqlValue.FromText(new byte[] { 0x61, 0xFF }), SqlValue.FromBlob(new byte[] { 1, 2, 3 }), SqlValue.FromText("2024-01-02"),
        ];
        string written = Query("typing=lossless", Rows([.. values.Select(static _ => ("a", "DATE", "t"))], values));
        string row = written[(written.IndexOf("[[", StringComparison.Ordinal) + 2)..written.LastIndexOf("]]", StringComparison.Ordinal)];

        IReadOnlyList<SqlStatement> read = StatementParser.Parse(Encoding.UTF8.GetBytes($"[[\"…\",{row}]]"), isLossless: true);

        Assert.Equal(values, read[0].Parameters.Select(static parameter => parameter.Value));
    }

    [Fact]
    public void Declared_booleans_and_times_are_what_the_dialect_makes_of_them() =>
        Assert.EndsWith(
            """[[true,false,"2024-01-02T00:00:00Z","someday","1970-01-01T00:00:01Z"]]}]}""",
            Query("", Rows(
                [("a", "BOOLEAN", "t"), ("b", "boolean", "t"), ("c", "DATE", "t"), ("d", "DATETIME", "t"), ("e", "TIMESTAMP", "t")],
                Two, SqlValue.FromInteger(0), SqlValue.FromText("2024-01-02"), SqlValue.FromText("someday"), One)),
            StringComparison.Ordinal);

    [Fact]
    public void An_error_stands_in_the_place_of_its_statement() =>
        Assert.Equal(
            """{"results":[{"error":"near \"foo\": syntax error"},{"rows_affected":1}]}""",
            Write("", Answer(new SqlFailure(0, 1, "near \"foo\": syntax error"), new SqlChange(1, 1, 0)), texts: 2));

    [Fact]
    public void Results_end_with_the_error_that_undid_all() =>
        Assert.Equal(
            """{"results":[{"rows_affected":1},{"error":"no"}]}""",
            Write("", Answer(new SqlChange(0, 1, 0), new SqlFailure(1, 1, "no")), texts: 4, isAllOrNothing: true));

    [Fact]
    public void A_refusal_of_the_whole_stands_beside_no_results() =>
        Assert.Equal("""{"results":[],"error":"too large"}""", Write("", new SqlAnswer([], 0, new SqlFailure(0, 18, "too large"))));

    [Fact]
    public void Each_text_has_one_result_and_an_empty_one_none()
    {
        SqlStatement[] texts = [new("INSERT; INSERT"), new(""), new("-- nothing"), new("INSERT; oops; INSERT")];
        SqlAnswer answer = Answer(new SqlChange(0, 1, 1), new SqlChange(0, 1, 2), new SqlChange(3, 1, 3), new SqlFailure(3, 1, "oops"), new SqlChange(3, 1, 4));

        Assert.Equal("""{"results":[{"last_insert_id":2,"rows_affected":1},{},{"error":"oops"}]}""", Write("", answer, texts));
        Assert.Equal(
            """{"results":[{"last_insert_id":1,"rows_affected":1},{"last_insert_id":2,"rows_affected":1},{"last_insert_id":3,"rows_affected":1},{"error":"oops"},{"last_insert_id":4,"rows_affected":1}]}""",
            Write("all_results", answer, texts));
    }

    [Fact]
    public void Time_number_and_index_stand_at_the_end()
    {
        var output = new ArrayBufferWriter<byte>();
        var tail = new AnswerTail(TimeSpan.FromMilliseconds(1.5), 17, 3);
        new AnswerWriter(output, new AnswerForm()).Write(Answer(new SqlChange(0, 1, 1)), [new("a")], isAllOrNothing: false, tail);

        Assert.Equal(
            """{"results":[{"last_insert_id":1,"rows_affected":1}],"time":0.0015,"sequence_number":3,"raft_index":17}""",
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    private static SqlAnswer Answer(params SqlResult[] results) => new(results, 0, null);

    private static SqlRows Rows((string Name, string Declared, string Table)[] columns, params SqlValue[] values) =>
        new(0, [.. columns.Select(static column => new SqlColumn(column.Name, column.Declared, column.Table))], values, 0, 0);

    private static string Query(string parameters, SqlResult result) => Write(parameters, Answer(result), isOfQuery: true);

    private static string Write(string parameters, SqlAnswer answer, int texts = 1, bool isAllOrNothing = false, bool isOfQuery = false) =>
        Write(parameters, answer, [.. Enumerable.Range(0, texts).Select(static _ => new SqlStatement("…"))], isAllOrNothing, isOfQuery);

    private static string Write(
        string parameters, SqlAnswer answer, IReadOnlyList<SqlStatement> texts, bool isAllOrNothing = false, bool isOfQuery = false)
    {
        var output = new ArrayBufferWriter<byte>();
        new AnswerWriter(output, AnswerForm.Of(QueryParameters.Parse(parameters), isOfQuery)).Write(answer, texts, isAllOrNothing);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
