using System.Text;
using Graft.Consensus;

namespace Graft.Sqlite.Tests;

public sealed class SqlWireTests
{
    private static readonly SqlValue[] Values =
    [
        SqlValue.Null,
        SqlValue.FromInteger(long.MinValue),
        SqlValue.FromInteger(long.MaxValue),
        SqlValue.FromReal(-0.0),
        SqlValue.FromReal(double.NegativeInfinity),
        SqlValue.FromText("a\0ü"),
        SqlValue.FromText(new byte[] { 0xFF, 0x00, 0xC3 }),
        SqlValue.FromBlob(default),
        SqlValue.FromBlob(new byte[300]),
        SqlValue.Zeros(SqlValue.ZerosMax),
    ];

    [Fact]
    public void A_request_is_read_as_it_was_written()
    {
        SqlParameter[] parameters = [.. Values.Select((value, i) => new SqlParameter(i % 2 == 0 ? null : $"n{i}", value))];
        var request = new SqlRequest([new("INSERT", parameters), new("INSERT", []), new("DELETE")])
        {
            AllOrNothing = true,
            StepBudget = 1001,
            AnswerBytesMax = 300,
        };

        SqlRequest again = SqlCommandCodec.Decode(SqlWire.Encode(request))!;

        Assert.True(again.AllOrNothing);
        Assert.False(again.BindStrictly);
        Assert.Equal(2000, again.StepBudget);
        Assert.Equal(300, again.AnswerBytesMax);
        Assert.Equal(["INSERT", "INSERT", "DELETE"], again.Statements.Select(each => each.Sql));
        Assert.Equal(parameters, again.Statements[0].Parameters);
        Assert.Empty(again.Statements[1].Parameters);
    }

    [Fact]
    public void The_layout_of_a_command_is_that_of_the_page()
    {
        var request = new SqlRequest([new("A", [new("n", SqlValue.FromInteger(2)), new(null, SqlValue.Zeros(200))]), new("A")])
        {
            BindStrictly = true,
            StepBudget = 300_000,
            AnswerBytesMax = 256,
        };

        Assert.Equal("0101" + "02" + "ac02" + "8002" + "02" + "0141" + "02" + "016e" + "010200000000000000" + "00" + "05c801" + "00" + "00", Hex(SqlWire.Encode(request)));
    }

    [Fact]
    public void The_layout_of_a_query_is_that_of_the_page()
    {
        var query = new SqlQuery([new("A")]) { TimeMax = TimeSpan.FromTicks(1), RowsMax = 3, AnswerBytesMax = 256, BindStrictly = true };

        Assert.Equal("0101" + "02" + "01" + "03" + "8002" + "01" + "0141" + "00", Hex(SqlWire.Encode(query)));
    }

    [Fact]
    public void The_layout_of_an_answer_is_that_of_the_page()
    {
        using var writer = new SqlAnswerWriter();
        writer.Begin(256);
        writer.BeginRows(1, 1);
        writer.WriteColumn("c"u8, "T"u8, "t"u8);
        writer.WriteText("x"u8);
        writer.WriteNull();
        writer.EndRows(200, 5);
        writer.WriteChange(2, 1, 6);
        writer.WriteFailure(3, 19, "no"u8);

        Assert.Equal(
            "0100" + "8802" + "03"
            + "0101" + "01" + "0163" + "0154" + "0174" + "c801" + "0500000000000000" + "02" + "030178" + "00"
            + "0200" + "01" + "0600000000000000"
            + "0302" + "13" + "026e6f",
            Hex(writer.End(264)));
        Assert.Equal("0101" + "13" + "026e6f" + "07" + "00", Hex(writer.Refuse(7, 19, "no"u8)));
    }

    [Fact]
    public void Drawn_requests_queries_and_answers_come_back_and_are_written_alike()
    {
        using var writer = new SqlAnswerWriter();
        for (ulong seed = 1; seed <= 300; seed++)
        {
            var random = new SeededRandom(seed);
            byte[] command = SqlWire.Encode(SqlDraws.Request(random));
            Assert.Equal(Hex(command), Hex(SqlWire.Encode(SqlCommandCodec.Decode(command)!)));

            byte[] query = SqlWire.Encode(SqlDraws.Query(random));
            Assert.Equal(Hex(query), Hex(SqlWire.Encode(SqlQueryCodec.Decode(query))));

            SqlAnswer answer = SqlDraws.Answer(random, writer, out byte[] bytes);
            AssertEqual(answer, SqlWire.DecodeAnswer(bytes));
        }
    }

    [Fact]
    public void An_empty_text_is_not_taken_for_the_one_before()
    {
        SqlRequest again = SqlCommandCodec.Decode(SqlWire.Encode(new SqlRequest([new(""), new("A"), new(""), new("A")])))!;

        Assert.Equal(["", "A", " ", "A"], again.Statements.Select(each => each.Sql));
    }

    [Theory]
    [InlineData("VACUUM", true)]
    [InlineData(" /* all */ vacuum ; -- done", true)]
    [InlineData(";Vacuum;;", true)]
    [InlineData("VACUUM INTO 'x'", false)]
    [InlineData("VACUUMED", false)]
    [InlineData("VACUUM; SELECT 1", false)]
    [InlineData("-- VACUUM", false)]
    [InlineData("/* VACUUM", false)]
    public void Only_a_vacuum_by_itself_is_of_a_kind_of_its_own(string sql, bool isVacuum)
    {
        Assert.Equal(isVacuum ? "0102" : "0101", Hex(SqlWire.Encode(new SqlRequest([new(sql)])).AsSpan(0, 2)));
        Assert.Equal("0101", Hex(SqlWire.Encode(new SqlRequest([new(sql), new("SELECT 1")])).AsSpan(0, 2)));
    }

    [Theory]
    [InlineData("INSERT OR rollback INTO t VALUES (1)", true)]
    [InlineData("ROLLBACK", true)]
    [InlineData("SELECT 'k', RAISE(Rollback,'k')", true)]
    [InlineData("SELECT rollbacks FROM t", false)]
    [InlineData("SELECT my_rollback, rollback_, ürollback FROM k", false)]
    [InlineData("INSERT INTO t VALUES ('rollbac')", false)]
    public void A_text_with_the_word_rollback_stands_alone(string sql, bool standsAlone)
    {
        Assert.Equal(standsAlone, SqlCommandCodec.StandsAlone(SqlWire.Encode(new SqlRequest([new("SELECT 1"), new(sql)]))));
    }

    [Theory]
    [InlineData("0102", true)]
    [InlineData("0103", true)]
    [InlineData("0104", true)]
    [InlineData("0105", true)]
    [InlineData("0106", true)]
    [InlineData("0107", false)]
    [InlineData("0202", false)]
    [InlineData("010200", false)]
    [InlineData("", false)]
    public void Kinds_that_replace_or_rewrite_the_database_stand_alone(string command, bool standsAlone)
    {
        Assert.Equal(standsAlone, SqlCommandCodec.StandsAlone(Convert.FromHexString(command)));
    }

    [Fact]
    public void Limits_below_their_floors_are_refused_by_the_encoder()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SqlWire.Encode(new SqlRequest([]) { StepBudget = 999 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SqlWire.Encode(new SqlRequest([]) { AnswerBytesMax = 255 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SqlWire.Encode(new SqlQuery([]) { TimeMax = TimeSpan.Zero }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SqlWire.Encode(new SqlQuery([]) { RowsMax = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SqlWire.Encode(new SqlQuery([]) { AnswerBytesMax = 255 }));
        Assert.Equal(TimeSpan.MaxValue.Ticks / 10_000, SqlQueryCodec.Decode(SqlWire.Encode(new SqlQuery([]) { TimeMax = TimeSpan.MaxValue })).TimeMax.Ticks / 10_000);
        Assert.Equal(SqlRequest.StepBudgetMax, SqlCommandCodec.Decode(SqlWire.Encode(new SqlRequest([]) { StepBudget = long.MaxValue }))!.StepBudget);
    }

    [Fact]
    public void More_than_the_limit_of_kept_answers_means_the_limit()
    {
        var request = new SqlRequest([]) { AnswerBytesMax = int.MaxValue };

        Assert.Equal(1 << 20, SqlCommandCodec.Decode(SqlWire.Encode(request))!.AnswerBytesMax);
    }

    [Fact]
    public void An_answer_beyond_its_limit_says_so_and_can_go_back()
    {
        using var writer = new SqlAnswerWriter();
        writer.Begin(1000);
        writer.WriteChange(0, 1, 1);
        SqlAnswerMark mark = writer.Mark();
        writer.BeginRows(1, 1);
        writer.WriteColumn("c"u8, ""u8, ""u8);
        writer.WriteBlob(new byte[900]);
        Assert.False(writer.IsOverLimit);
        writer.WriteBlob(new byte[900]);
        Assert.True(writer.IsOverLimit);
        writer.WriteNull();
        writer.EndRows(0, 1);
        Assert.True(writer.IsOverLimit);

        writer.RollBack(mark);
        writer.WriteFailure(1, 18, "too big"u8);

        Assert.False(writer.IsOverLimit);
        AssertEqual(new SqlAnswer([new SqlChange(0, 1, 1), new SqlFailure(1, 18, "too big")], 3, null), SqlWire.DecodeAnswer(writer.End(3)));
    }

    [Fact]
    public void No_answer_is_longer_than_its_limit()
    {
        using var writer = new SqlAnswerWriter();
        foreach (int limit in (int[])[256, 257, 300, 1000])
        {
            writer.Begin(limit);
            SqlAnswerMark last = writer.Mark();
            for (int i = 0; !writer.IsOverLimit; i++)
            {
                last = writer.Mark();
                writer.BeginRows(i, 1);
                writer.WriteColumn(""u8, ""u8, ""u8);
                writer.WriteInteger(i);
                writer.EndRows(long.MaxValue, 0);
            }

            writer.RollBack(last);
            Assert.InRange(writer.End(long.MaxValue).Length, 1, limit);
            Assert.InRange(writer.Refuse(long.MaxValue, int.MaxValue, Encoding.UTF8.GetBytes(new string('€', 1000))).Length, limit - 40, limit);
        }
    }

    [Fact]
    public void A_message_that_is_cut_keeps_whole_characters()
    {
        using var writer = new SqlAnswerWriter();
        for (int shift = 0; shift < 4; shift++)
        {
            writer.Begin(256);
            byte[] message = Encoding.UTF8.GetBytes(new string('a', shift) + string.Concat(Enumerable.Repeat("𝄞", 100)));

            Assert.DoesNotContain('\uFFFD', SqlWire.DecodeAnswer(writer.Refuse(1, 1, message)).Refusal!.Message);
        }
    }

    [Fact]
    public void Reading_a_command_makes_nothing_per_item()
    {
        SqlParameter[] parameters = [.. Values.Select(value => new SqlParameter("name", value))];
        byte[] command = SqlWire.Encode(new SqlRequest([.. Enumerable.Range(0, 100).Select(i => new SqlStatement($"INSERT {i % 3}", parameters))]));

        long least = long.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(1000, Walk(command));
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        // Less than an object for each item, whatever xUnit takes for itself.
        Assert.InRange(least, 0, 1000);
    }

    private static int Walk(byte[] command)
    {
        int read = 0;
        SqlCommandCodec.ReadKind(command, out ReadOnlyMemory<byte> body);
        SqlCommandCodec.ReadHead(body, out SqlItemReader items);
        items.ExpectWhole();
        while (items.ReadItem())
        {
            while (items.ReadParameter(out _, out _))
            {
                read++;
            }
        }

        return read;
    }

    private static void AssertEqual(SqlAnswer expected, SqlAnswer actual)
    {
        Assert.Equal(expected.Steps, actual.Steps);
        Assert.Equal(expected.Refusal, actual.Refusal);
        Assert.Equal(expected.Results.Count, actual.Results.Count);
        foreach ((SqlResult each, SqlResult other) in expected.Results.Zip(actual.Results))
        {
            if (each is not SqlRows rows)
            {
                Assert.Equal(each, other);
                continue;
            }

            SqlRows others = Assert.IsType<SqlRows>(other);
            Assert.Equal(
                (rows.Item, rows.Count, rows.RowsAffected, rows.LastRowId), (others.Item, others.Count, others.RowsAffected, others.LastRowId));
            Assert.Equal(rows.Columns, others.Columns);
            for (int i = 0; i < rows.Count; i++)
            {
                Assert.Equal(rows[i].ToArray(), others[i].ToArray());
            }
        }
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
