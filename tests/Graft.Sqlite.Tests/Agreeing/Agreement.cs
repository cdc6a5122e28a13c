using System.Globalization;
using System.Text;
using Graft.Consensus;

namespace Graft.Sqlite.Tests;

/// <summary>The same requests on five databases: whoever disagrees with the others about an answer or about what is left behind has a defect.</summary>
internal static class Agreement
{
    /// <summary>Runs texts, each a request of its own.</summary>
    /// <returns>The answers, as <see cref="TestDatabase.Text(SqlAnswer)"/> writes them.</returns>
    internal static Task<string[]> OfAsync(params string[] script) => OfAsync([.. script.Select(static sql => TestDatabase.Request(sql))]);

    /// <summary>Runs requests (a) a batch each, (b) all in one, (c) cut anywhere, with a reopen and a replay, (d) on a machine that got (a)'s state midway, and (e) on plain SQLite.</summary>
    /// <param name="script">The requests.</param>
    /// <param name="seed">Where it's cut.</param>
    /// <param name="likePlain">False if what plain SQLite says depends on what its connection remembers.</param>
    /// <returns>The answers, as <see cref="TestDatabase.Text(SqlAnswer)"/> writes them.</returns>
    internal static async Task<string[]> OfAsync(SqlRequest[] script, ulong seed = 1, bool likePlain = true)
    {
        var random = new SeededRandom(seed);
        ReadOnlyMemory<byte>[] commands = [.. script.Select(static request => (ReadOnlyMemory<byte>)SqlWire.Encode(request))];
        ReadOnlyMemory<byte>[] answers = new ReadOnlyMemory<byte>[commands.Length];
        int middle = random.Next(0, commands.Length);

        await using TestDatabase each = await TestDatabase.OpenAsync();
        await RunAsync(each, commands, answers, 0, middle, static () => 1);
        byte[] image = await each.ImageAsync();
        await RunAsync(each, commands, answers, middle, commands.Length, static () => 1);

        await using TestDatabase together = await TestDatabase.OpenAsync();
        ReadOnlyMemory<byte>[] others = new ReadOnlyMemory<byte>[commands.Length];
        await RunAsync(together, commands, others, 0, commands.Length, () => commands.Length);
        Compare("in one batch", script, answers, others, 0);
        await CompareAsync("in one batch", each, together);

        await using TestDatabase cut = await TestDatabase.OpenAsync();
        others = new ReadOnlyMemory<byte>[commands.Length];
        int crash = random.Next(0, commands.Length);
        await RunAsync(cut, commands, others, 0, crash, () => random.Next(1, 5));
        int lost = random.Next(crash, Math.Min(commands.Length, crash + 4));
        await ApplyAsync(cut, commands, others, crash, lost);
        Compare("in other batches", script, answers, others[..lost], 0);
        await cut.ReopenAsync();
        cut.RewindTo((ulong)crash);
        await RunAsync(cut, commands, others, crash, commands.Length, () => random.Next(1, 5));
        Compare($"replayed from {crash}", script, answers, others, 0);
        await CompareAsync($"replayed from {crash}", each, cut);

        await using TestDatabase installed = await TestDatabase.OpenAsync();
        others = new ReadOnlyMemory<byte>[commands.Length];
        await installed.RestoreAsync(image, (ulong)middle);
        await RunAsync(installed, commands, others, middle, commands.Length, () => random.Next(1, 5));
        Compare($"installed at {middle}", script, answers, others, middle);
        await CompareAsync($"installed at {middle}", each, installed);

        if (!likePlain)
        {
            return Texts(answers);
        }

        using var plain = new PlainSqlite();
        for (int i = 0; i < script.Length; i++)
        {
            byte[]? answer = plain.Run(script[i], (ulong)i + 1, SqlWire.DecodeAnswer(answers[i]));
            others[i] = answer ?? answers[i];
        }

        Compare("plain SQLite", script, answers, others, 0);
        if (await plain.DigestAsync() != await each.DigestAsync())
        {
            Assert.Equal(Dump(plain), await DumpAsync(each));
            Assert.Fail("Plain SQLite has another digest.");
        }

        return Texts(answers);
    }

    private static string[] Texts(ReadOnlyMemory<byte>[] answers) => [.. answers.Select(static answer => TestDatabase.Text(SqlWire.DecodeAnswer(answer)))];

    private static async Task RunAsync(
        TestDatabase database, ReadOnlyMemory<byte>[] commands, ReadOnlyMemory<byte>[] answers, int from, int end, Func<int> batchMax)
    {
        while (from < end)
        {
            int next = Math.Min(end, from + Math.Max(1, batchMax()));

            // What undoes a whole batch is let into one here: the node's care not to is no part of what is promised.
            int alone = Array.FindIndex(commands, from, next - from, IsVacuum);
            next = alone < 0 ? next : alone == from ? from + 1 : alone;
            await ApplyAsync(database, commands, answers, from, next);
            await database.CommitAsync();
            from = next;
        }
    }

    private static bool IsVacuum(ReadOnlyMemory<byte> command) => command.Length == 2;

    private static async Task ApplyAsync(TestDatabase database, ReadOnlyMemory<byte>[] commands, ReadOnlyMemory<byte>[] answers, int from, int end)
    {
        if (end - from > 1 && Array.FindIndex(commands, from, end - from, IsVacuum) is int alone and >= 0)
        {
            end = Math.Max(from, alone);
        }

        if (end > from)
        {
            (await database.ApplyCommandsAsync(commands[from..end])).CopyTo(answers, from);
        }
    }

    private static void Compare(string who, SqlRequest[] script, ReadOnlyMemory<byte>[] expected, ReadOnlyMemory<byte>[] actual, int from)
    {
        for (int i = from; i < actual.Length; i++)
        {
            if (!actual[i].IsEmpty && !expected[i].Span.SequenceEqual(actual[i].Span))
            {
                Assert.Fail(
                    $"{who}: the answer to request {i + 1} is another.\n{Describe(script[i])}\n--- in a batch of its own\n{Describe(expected[i])}\n--- {who}\n{Describe(actual[i])}");
            }
        }
    }

    private static async Task CompareAsync(string who, TestDatabase expected, TestDatabase actual)
    {
        if (await expected.DigestAsync() != await actual.DigestAsync())
        {
            Assert.Equal(await DumpAsync(expected), await DumpAsync(actual));
            Assert.Fail($"{who}: the digest is another.");
        }
    }

    internal static string Describe(SqlRequest request) => string.Join(
        '\n',
        request.Statements.Select(static statement => $"  {statement.Sql} [{string.Join(", ", statement.Parameters.Select(static value => $"{value.Name}={value.Value}"))}]")
            .Prepend(request.AllOrNothing ? "all or nothing:" : "each by itself:"));

    private static string Describe(ReadOnlyMemory<byte> bytes)
    {
        SqlAnswer answer = SqlWire.DecodeAnswer(bytes);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{answer.Steps} steps");
        if (answer.Refusal is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $", {TestDatabase.Text(answer)}");
        }

        foreach (SqlResult result in answer.Results)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n  {result.Item}: {TestDatabase.Text(result).Replace("\n", "\n     ", StringComparison.Ordinal)}");
            if (result is SqlRows rows)
            {
                text.Append(CultureInfo.InvariantCulture, $" (changed {rows.RowsAffected} last {rows.LastRowId})");
            }
        }

        return text.ToString();
    }

    private const string TablesQuery = "SELECT name FROM sqlite_master WHERE type='table' AND substr(name, 1, 7)<>'_graft_' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name";
    private const string SchemaQuery = "SELECT type||' '||name||': '||coalesce(sql, '') FROM sqlite_master WHERE substr(name, 1, 7)<>'_graft_' ORDER BY type, name";

    private static string RowsQuery(string table, IEnumerable<string> columns) =>
        $"SELECT '{table}: '||{string.Join("||','||", columns.Select(static column => $"quote(\"{column}\")"))} FROM \"{table}\"";

    private static string ColumnsQuery(string table) => $"SELECT name FROM pragma_table_info('{table}')";

    private static string Dump(PlainSqlite plain)
    {
        var lines = new List<string>(plain.Column(SchemaQuery));
        foreach (string table in plain.Column(TablesQuery))
        {
            lines.AddRange(plain.Column(RowsQuery(table, plain.Column(ColumnsQuery(table)))));
        }

        return string.Join('\n', lines);
    }

    private static async Task<string> DumpAsync(TestDatabase database)
    {
        var lines = new List<string>(await ColumnAsync(database, SchemaQuery));
        foreach (string table in await ColumnAsync(database, TablesQuery))
        {
            lines.AddRange(await ColumnAsync(database, RowsQuery(table, await ColumnAsync(database, ColumnsQuery(table)))));
        }

        return string.Join('\n', lines);
    }

    private static async Task<IEnumerable<string>> ColumnAsync(TestDatabase database, string sql) =>
        (await database.QueryAsync(sql)).Results.OfType<SqlRows>().SelectMany(static rows => Enumerable.Range(0, rows.Count).Select(row => rows[row][0].IsNull ? "" : rows[row][0].Text));
}
