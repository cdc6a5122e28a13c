using System.IO.Pipelines;
using System.Text;
using Graft.Sqlite;

namespace Graft.Server.Tests;

public sealed class LineWriterTests
{
    [Fact]
    public async Task Heads_and_rows_are_lines_and_the_last_one_says_so()
    {
        SqlRows rows = new(0, [new SqlColumn("id", "INTEGER", "t")], new[] { SqlValue.FromInteger(1), SqlValue.FromInteger(long.MaxValue) }, 0, 0);

        string lines = await WriteAsync(new SqlAnswer([rows, new SqlChange(1, 3, 2), new SqlFailure(1, 19, "no")], 0, null), "linearizable");

        Assert.Equal(
            """
            {"item":0,"columns":["id"],"types":["integer"]}
            [1]
            [{"$integer":"9223372036854775807"}]
            {"item":1,"last_insert_id":2,"rows_affected":3}
            {"item":1,"error":"no","code":19}
            {"end":true,"level":"linearizable","index":17}

            """,
            lines);
    }

    [Fact]
    public async Task A_refusal_is_in_the_last_line() =>
        Assert.Equal("{\"end\":true,\"error\":\"no\",\"index\":17}\n", await WriteAsync(new SqlAnswer([], 0, new SqlFailure(0, 1, "no")), null));

    private static async Task<string> WriteAsync(SqlAnswer answer, string? level)
    {
        using var stream = new MemoryStream();
        PipeWriter output = PipeWriter.Create(stream);
        await new LineWriter(output, new AnswerForm { Typing = Typing.Lossless }).WriteAsync(answer, level, 17, TestContext.Current.CancellationToken);
        await output.CompleteAsync();
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
