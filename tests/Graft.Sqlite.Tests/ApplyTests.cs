namespace Graft.Sqlite.Tests;

public sealed class ApplyTests
{
    [Fact]
    public async Task StatementsRunAndAnswerAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        SqlAnswer made = await database.ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)");
        Assert.Equal("changed 0 last 0", TestDatabase.Text(made));
        SqlAnswer added = await database.ExecuteAsync("INSERT INTO t(name) VALUES (?), (?)", SqlValue.FromText("ada"), SqlValue.FromText("bob"));
        Assert.Equal("changed 2 last 2", TestDatabase.Text(added));
        Assert.Equal("1|'ada'\n2|'bob'", await database.RowsAsync("SELECT id, name FROM t ORDER BY id"));
    }

    [Fact]
    public async Task EveryStatementOfATextRunsAndTakesItsValuesInTurnAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        SqlAnswer answer = await database.ExecuteAsync(
            "CREATE TABLE t(a, b); INSERT INTO t VALUES (?, random()); -- a comment\n INSERT INTO t VALUES (?, ?) RETURNING a, b;",
            SqlValue.FromInteger(1), SqlValue.FromInteger(2), SqlValue.FromBlob(new byte[] { 0, 255 }));
        Assert.Equal(["changed 0 last 0", "changed 1 last 1", "2|x'00ff'"], answer.Results.Select(TestDatabase.Text));
        Assert.Equal("2", await database.RowsAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task WithoutATransactionTheOthersGoOnBehindAnErrorAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        SqlAnswer answer = await database.ExecuteAsync(
            "CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
        Assert.Equal(
            ["changed 0 last 0", "changed 1 last 1", "error 2067: UNIQUE constraint failed: t.a", "changed 1 last 2"],
            answer.Results.Select(TestDatabase.Text));
    }

    [Theory]
    [InlineData("INSERT INTO t VALUES (1)")]
    [InlineData("INSERT INTO missing VALUES (1)")]
    [InlineData("INSRT")]
    public async Task AllOrNothingIsNothingBehindAnErrorAsync(string last)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1)");
        SqlAnswer answer = (await database.ExecuteAsync(
            new SqlRequest([new SqlStatement("INSERT INTO t VALUES (2)"), new SqlStatement(last), new SqlStatement("INSERT INTO t VALUES (3)")]) { AllOrNothing = true }))[0];
        Assert.NotNull(answer.FirstFailure);
        Assert.Equal(2, answer.Results.Count);
        Assert.Equal("1", await database.RowsAsync("SELECT a FROM t"));
    }

    [Fact]
    public async Task ATransactionWithinARequestWorksAsInSqliteAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a)");
        await database.ExecuteAsync("BEGIN; INSERT INTO t VALUES (1); ROLLBACK; BEGIN IMMEDIATE; INSERT INTO t VALUES (2); COMMIT; INSERT INTO t VALUES (3)");
        Assert.Equal("2\n3", await database.RowsAsync("SELECT a FROM t"));
        Assert.StartsWith("error 1: cannot commit", TestDatabase.Text(await database.ExecuteAsync("COMMIT")), StringComparison.Ordinal);
        SqlAnswer open = await database.ExecuteAsync("BEGIN; INSERT INTO t VALUES (4)");
        Assert.Contains("didn't end it", open.Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("2\n3", await database.RowsAsync("SELECT a FROM t"));
    }

    [Theory]
    [InlineData("INSERT OR ROLLBACK INTO t VALUES (1)")]
    [InlineData("INSERT INTO r VALUES (1)")]
    public async Task AStatementThatRollsBackTakesNothingOfOthersAlongAsync(string killer)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync(
            "CREATE TABLE t(a UNIQUE); CREATE TABLE r(a); CREATE TRIGGER tr BEFORE INSERT ON r BEGIN SELECT RAISE(ROLLBACK, 'no'); END");
        SqlAnswer[] answers = await database.ExecuteAsync(
            TestDatabase.Request("INSERT INTO t VALUES (1)"),
            TestDatabase.Request($"INSERT INTO t VALUES (2); {killer}; INSERT INTO t VALUES (random() * 0 + 3)"),
            TestDatabase.Request($"INSERT INTO t VALUES (4); BEGIN; INSERT INTO t VALUES (5); {killer}; INSERT INTO t VALUES (6); {killer}"));
        Assert.Equal("changed 1 last 1", TestDatabase.Text(answers[0]));
        Assert.IsType<SqlFailure>(answers[1].Results[1]);
        Assert.Equal(3, answers[1].Results.Count);
        Assert.Equal("1\n2\n3\n4\n6", await database.RowsAsync("SELECT a FROM t ORDER BY a"));
    }

    [Fact]
    public async Task DeferredForeignKeysAreJudgedWhereSqliteWouldAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)");

        // Alone, a statement is a transaction.
        Assert.Equal("error 787: FOREIGN KEY constraint failed", TestDatabase.Text(await database.ExecuteAsync("INSERT INTO c VALUES (1)")));
        SqlAnswer each = await database.ExecuteAsync("INSERT INTO c VALUES (1); INSERT INTO p VALUES (1)");
        Assert.Equal(["error 787: FOREIGN KEY constraint failed", "changed 1 last 1"], each.Results.Select(TestDatabase.Text));

        // Together it is enough that it holds at the end.
        SqlAnswer together = (await database.ExecuteAsync(TestDatabase.Request("INSERT INTO c VALUES (2); INSERT INTO p VALUES (2)") with { AllOrNothing = true }))[0];
        Assert.Null(together.FirstFailure);
        SqlAnswer between = await database.ExecuteAsync("BEGIN; INSERT INTO c VALUES (3); COMMIT; INSERT INTO p VALUES (3); COMMIT");
        Assert.Equal(787, Assert.IsType<SqlFailure>(between.Results[2]).Code);
        Assert.Equal("2\n3", await database.RowsAsync("SELECT p FROM c ORDER BY p"));
        SqlAnswer open = (await database.ExecuteAsync(TestDatabase.Request("INSERT INTO c VALUES (9)") with { AllOrNothing = true }))[0];
        Assert.Equal(787, open.FirstFailure!.Code);
        Assert.Equal("2\n3", await database.RowsAsync("SELECT p FROM c ORDER BY p"));
    }

    [Fact]
    public async Task AStepBudgetEndsWhatWouldNeverEndAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a)");
        SqlAnswer[] answers = await database.ExecuteAsync(
            TestDatabase.Request("INSERT INTO t VALUES (1)"),
            TestDatabase.Request("INSERT INTO t WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT i FROM c") with { StepBudget = 100_000 },
            TestDatabase.Request("INSERT INTO t VALUES (2)"));
        Assert.Contains("100000 steps", answers[1].Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("1\n2", await database.RowsAsync("SELECT a FROM t"));
    }

    [Fact]
    public async Task AnAnswerThatIsTooLongUndoesItsRequestAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a)");
        SqlAnswer answer = (await database.ExecuteAsync(
            TestDatabase.Request("INSERT INTO t VALUES (zeroblob(1000)) RETURNING a") with { AnswerBytesMax = 500 }))[0];
        Assert.Contains("500 bytes", answer.Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("0", await database.RowsAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task ARowWithTheHighestRowidIsRefusedAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a)");
        SqlAnswer answer = await database.ExecuteAsync("INSERT INTO t(rowid, a) VALUES (9223372036854775807, 1)");
        Assert.Contains("highest rowid", answer.Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("0", await database.RowsAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task CommandsOfAnyBytesAreAnsweredAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        ReadOnlyMemory<byte>[] answers = await database.ApplyCommandsAsync(
            ReadOnlyMemory<byte>.Empty, new byte[] { 1, 1 }, new byte[] { 9, 9, 9 }, new byte[] { 1, 3, 0 }, new byte[] { 1, 77 });
        Assert.All(answers, static answer => Assert.NotNull(SqlWire.DecodeAnswer(answer).Refusal));
        await database.CommitAsync();
    }

    [Fact]
    public async Task RowsOfTheNodeComeBackBehindAReopenAndUncommittedStatementsDontAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        Assert.Empty(database.OpenedWith);
        await database.ExecuteAsync("CREATE TABLE t(a)");
        await database.ApplyAsync(TestDatabase.Request("INSERT INTO t VALUES (1)"));
        await database.CommitAsync(new StateRow("k1"u8.ToArray(), "v1"u8.ToArray()), new StateRow("k2"u8.ToArray(), "v2"u8.ToArray()));
        await database.CommitAsync(new StateRow("k1"u8.ToArray(), null));
        await database.ApplyAsync(TestDatabase.Request("INSERT INTO t VALUES (2)"));
        await database.ReopenAsync();
        StateRow row = Assert.Single(database.OpenedWith);
        Assert.Equal("v2"u8, row.Value!.Value.Span);
        Assert.Equal(2UL, database.Machine.Durable.Value);
        Assert.Equal("1", await database.RowsAsync("SELECT a FROM t"));
    }

    [Fact]
    public async Task AVacuumStandsAloneAndShrinksTheDatabaseAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(1000000)); DELETE FROM t");
        Assert.NotEqual("0", await database.RowsAsync("PRAGMA freelist_count"));
        Assert.True(database.Machine.StandsAlone(SqlWire.Encode(TestDatabase.Request("vacuum;"))));
        Assert.Null((await database.ExecuteAsync("VACUUM")).FirstFailure);
        Assert.Equal("0", await database.RowsAsync("PRAGMA freelist_count"));
        Assert.Contains("alone", (await database.ExecuteAsync("SELECT 1; VACUUM")).FirstFailure!.Message, StringComparison.Ordinal);
    }
}
