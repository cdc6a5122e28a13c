namespace Graft.Sqlite.Tests;

/// <summary>What makes replicas of other systems differ, or changes what a statement means: here all nodes agree, and plain SQLite with the same clock and chance agrees too.</summary>
public sealed class DivergenceTests
{
    private const string Many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) ";

    [Theory]
    [InlineData("randomblob(8+8)")]
    [InlineData("random ()")]
    [InlineData("random/**/()")]
    [InlineData("\"random\"()")]
    [InlineData("abs(random()) % 1000")]
    [InlineData("strftime('%f')")]
    [InlineData("julianday()")]
    [InlineData("julianday('n'||'ow')")]
    [InlineData("julianday(lower('NOW'))")]
    [InlineData("strftime('%s')")]
    [InlineData("CURRENT_TIMESTAMP")]
    [InlineData("CURRENT_TIME || CURRENT_DATE")]
    [InlineData("datetime('now', '+1 day', 'start of month')")]
    [InlineData("(SELECT group_concat(x) FROM (SELECT random() AS x UNION ALL SELECT random()))")]
    [InlineData("CASE WHEN 1 IS NOT 2 THEN random() END")]
    [InlineData("hex(randomblob(random() & 15))")]
    public async Task ChanceAndTimeInAnyFormAreTheEntrysAsync(string expression) => await Agreement.OfAsync(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, x)",
        $"INSERT INTO t(x) VALUES ({expression}), ({expression})",
        $"UPDATE t SET x={expression} WHERE id=1",
        $"INSERT INTO t(x) SELECT {expression} FROM t RETURNING *",
        $"{Many} INSERT INTO t(x) SELECT {expression} FROM n",
        $"WITH c(r) AS (SELECT {expression}) INSERT INTO t(x) SELECT r FROM c",
        $"INSERT INTO t VALUES (1, 0) ON CONFLICT(id) DO UPDATE SET x={expression} RETURNING x",
        $"SELECT {expression}, x FROM t ORDER BY id");

    [Fact]
    public async Task ABoundNowIsTheEntrysAsync()
    {
        string[] answers = await Agreement.OfAsync(
        [
            TestDatabase.Request("CREATE TABLE t(x)"),
            TestDatabase.Request("INSERT INTO t VALUES (datetime(?)), (hex(randomblob(?)))", SqlValue.FromText("now"), SqlValue.FromInteger(6)),
            TestDatabase.Request("SELECT x FROM t WHERE rowid=1"),
        ]);
        Assert.Equal("'2026-01-02 03:04:07'", answers[2]);
    }

    [Fact]
    public async Task OrderByRandomChoosesTheSameRowsAsync()
    {
        string[] answers = await Agreement.OfAsync(
            "CREATE TABLE t(x)",
            $"{Many} INSERT INTO t SELECT i FROM n ORDER BY random()",
            "DELETE FROM t WHERE x IN (SELECT x FROM t ORDER BY random() LIMIT 4)",
            "SELECT group_concat(x) FROM t",
            "SELECT group_concat(x) FROM (SELECT x FROM t ORDER BY random())");
        Assert.NotEqual(answers[3], answers[4]);
    }

    [Fact]
    public async Task DefaultsAreComputedForEachRowAsync()
    {
        string[] answers = await Agreement.OfAsync(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, at DEFAULT CURRENT_TIMESTAMP, made DEFAULT (datetime('now')), r DEFAULT (random()), b DEFAULT (randomblob(4)))",
            "INSERT INTO t(id) VALUES (1), (2)",
            "INSERT INTO t DEFAULT VALUES",
            "SELECT count(DISTINCT r), count(DISTINCT b), count(DISTINCT at), min(at)=min(made) FROM t");
        Assert.Equal("3|3|2|1", answers[3]);
    }

    [Fact]
    public async Task TriggersAndViewsAreNotFrozenWhenTheyAreMadeAsync()
    {
        string[] answers = await Agreement.OfAsync(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, r); CREATE TABLE log(at DEFAULT (strftime('%f')), r)",
            "CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE t SET r=random() WHERE id=new.id; INSERT INTO log(r) SELECT r FROM t ORDER BY random(); END",
            "CREATE VIEW v AS SELECT random() AS r, datetime('now') AS at FROM t",
            "INSERT INTO t(id) VALUES (1), (2)",
            "INSERT INTO t(id) SELECT id + 2 FROM t",
            "SELECT count(DISTINCT r), count(*) FROM t",
            "SELECT * FROM v",
            "SELECT count(DISTINCT r)=count(*), min(at)<=max(at) FROM v");
        Assert.Equal("4|4", answers[5]);
        Assert.Equal("1|1", answers[7]);
    }

    [Fact]
    public async Task InsertFromSelectDrawsForEachRowAsync()
    {
        string[] answers = await Agreement.OfAsync(
            "CREATE TABLE t(r, b)", $"{Many} INSERT INTO t SELECT random(), randomblob(8) FROM n", "SELECT count(DISTINCT r), count(DISTINCT b) FROM t");
        Assert.Equal("20|20", answers[2]);
    }

    [Fact]
    public async Task EveryStatementOfATextIsRunAsync()
    {
        string[] answers = await Agreement.OfAsync("CREATE TABLE t(x)", "INSERT INTO t VALUES (random()); INSERT INTO t VALUES (date('now')); ; /* c */ INSERT INTO t VALUES (3);", "SELECT count(*) FROM t");
        Assert.Equal("3", answers[2]);
    }

    [Theory]
    [InlineData("CREATE TABLE g(a, b AS (random()))")]
    [InlineData("CREATE INDEX i ON t(random())")]
    [InlineData("CREATE INDEX i ON t(a) WHERE random() > 0")]
    [InlineData("CREATE TABLE g(a, b AS (randomblob(4)) STORED)")]
    [InlineData("CREATE INDEX i ON t(total_changes())")]
    [InlineData("CREATE INDEX i ON t(changes())")]
    public async Task IndexesAndGeneratedColumnsRefuseChanceAsync(string sql)
    {
        string[] answers = await Agreement.OfAsync("CREATE TABLE t(a)", sql);
        Assert.Contains("non-deterministic", answers[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task NowInAnIndexIsRefusedWhenARowIsWrittenAsync()
    {
        string[] answers = await Agreement.OfAsync(
            "CREATE TABLE t(a, CHECK (random() <> 5)); CREATE INDEX i ON t(datetime(a))", "INSERT INTO t VALUES ('now')", "INSERT INTO t VALUES ('2001-01-01')", "SELECT count(*) FROM t");
        Assert.StartsWith("error", answers[1], StringComparison.Ordinal);
        Assert.Equal("1", answers[3]);
    }

    [Theory]
    [InlineData("localtime")]
    [InlineData("utc")]
    public async Task LocalTimeIsRefusedInAWriteAsync(string modifier)
    {
        string[] answers = await Agreement.OfAsync(
            "CREATE TABLE t(a, b)", $"INSERT INTO t VALUES (1, datetime('now', '{modifier}'))", $"INSERT INTO t SELECT 2, strftime('%H', '2001-02-03', '{modifier}')", "SELECT count(*) FROM t");
        Assert.Equal("error 1: local time unavailable", answers[1]);
        Assert.Equal("error 1: local time unavailable", answers[2]);
        Assert.Equal("0", answers[3]);
    }

    [Fact]
    public async Task ConnectionStateBeginsAnewWithEachRequestAsync()
    {
        const string State = "SELECT changes(), total_changes(), last_insert_rowid()";
        string[] answers = await Agreement.OfAsync(
            State,
            "CREATE TABLE t(id INTEGER PRIMARY KEY, x DEFAULT (changes() || '/' || total_changes() || '/' || last_insert_rowid()))",
            $"INSERT INTO t(id) VALUES (7), (9); {State}; UPDATE t SET x=total_changes(); {State}",
            State,
            $"INSERT INTO t(id) VALUES (11); INSERT INTO t(id) VALUES (11); {State}",
            "INSERT INTO t(id) SELECT 20 + changes() + total_changes() + last_insert_rowid()",
            "SELECT id, x FROM t ORDER BY id");
        Assert.Equal("0|0|0", answers[0]);
        Assert.Equal("changed 2 last 9\n2|2|9\nchanged 2 last 9\n2|4|9", answers[2]);
        Assert.Equal("0|0|0", answers[3]);
        Assert.EndsWith("\n0|1|11", answers[4], StringComparison.Ordinal);
        Assert.EndsWith("20|'0/0/0'", answers[6], StringComparison.Ordinal);
    }

    /// <summary>A timeout that each node measures by its own clock left other rows on each. Steps are the same everywhere, to the last one.</summary>
    [Fact]
    public async Task ABudgetEndsTheSameStatementsOnEveryNodeAsync()
    {
        var script = new List<SqlRequest> { TestDatabase.Request("CREATE TABLE t(x)"), TestDatabase.Request("CREATE INDEX ti ON t(x)") };
        for (int i = 0; i < 30; i++)
        {
            script.Add(TestDatabase.Request($"{Many.Replace("20", $"{30 + (i * 2)}", StringComparison.Ordinal)} INSERT INTO t SELECT i FROM n") with { StepBudget = 1000 });
            script.Add(TestDatabase.Request($"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {100 + (i * 50)}) SELECT count(*) FROM n") with { StepBudget = 10_000 });
        }

        script.Add(TestDatabase.Request("SELECT count(*) FROM t"));
        string[] answers = await Agreement.OfAsync([.. script]);
        Assert.Contains(answers, static answer => answer.StartsWith("refused", StringComparison.Ordinal));
        Assert.Contains(answers, static answer => answer.StartsWith("changed", StringComparison.Ordinal) && !answer.StartsWith("changed 0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AllOrNothingHoldsWhenAStatementCannotBePreparedAsync()
    {
        string[] answers = await Agreement.OfAsync(
        [
            TestDatabase.Request("CREATE TABLE t(x)"),
            TestDatabase.Request("INSERT INTO t VALUES (1); INSERT INTO missing VALUES (1); INSERT INTO t VALUES (2)") with { AllOrNothing = true },
            TestDatabase.Request("INSERT INTO t VALUES (3); SELEKT; INSERT INTO t VALUES (4)") with { AllOrNothing = true },
            TestDatabase.Request("SELECT count(*) FROM t"),
        ]);
        Assert.Equal("0", answers[3]);
    }

    [Fact]
    public async Task AutoincrementGoesOnWhereItWasAsync()
    {
        string[] answers = await Agreement.OfAsync(
            "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, x UNIQUE)",
            "INSERT INTO t(x) VALUES (1), (2); DELETE FROM t",
            "INSERT INTO t(x) VALUES (3); INSERT INTO t(x) VALUES (3); INSERT OR REPLACE INTO t(x) VALUES (3)",
            "BEGIN; INSERT INTO t(x) VALUES (4); ROLLBACK; INSERT INTO t(x) VALUES (5)",
            "SELECT id, x FROM t; SELECT * FROM sqlite_sequence",
            "UPDATE sqlite_sequence SET seq=9223372036854775807",
            "INSERT INTO t(x) VALUES (random())",
            "SELECT count(*) FROM t");
        Assert.Equal("error 13: database or disk is full", answers[6]);
        Assert.Equal("2", answers[7]);
    }

    [Theory]
    [InlineData("INSERT INTO t(rowid, x) VALUES (9223372036854775807, 1)")]
    [InlineData("INSERT INTO t(rowid, x) VALUES (9223372036854775806, 1); INSERT INTO t(x) VALUES (2); INSERT INTO t(x) VALUES (3)")]
    [InlineData("INSERT INTO t(x) VALUES (1); UPDATE t SET rowid=9223372036854775807")]
    [InlineData("REPLACE INTO a(id) VALUES (9223372036854775807)")]
    [InlineData("INSERT INTO fires VALUES (1)")]
    [InlineData("INSERT INTO f4(docid, x) VALUES (9223372036854775807, 'a')")]
    [InlineData("INSERT INTO f5(rowid, x) VALUES (9223372036854775807, 'a')")]
    [InlineData("INSERT INTO r VALUES (9223372036854775807, 1, 2)")]
    [InlineData("INSERT INTO t(rowid, x) SELECT 9223372036854775806 + value, value FROM json_each('[0, 1]')")]
    public async Task TheHighestRowidIsRefusedWhereverItComesFromAsync(string sql)
    {
        string[] answers = await Agreement.OfAsync(
            "CREATE TABLE t(x); CREATE TABLE a(id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE fires(x)",
            "CREATE TRIGGER tr AFTER INSERT ON fires BEGIN INSERT INTO t(rowid, x) VALUES (9223372036854775807, 1); END",
            "CREATE VIRTUAL TABLE f4 USING fts4(x); CREATE VIRTUAL TABLE f5 USING fts5(x); CREATE VIRTUAL TABLE r USING rtree(id, a, b)",
            sql,
            "SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM a) + (SELECT count(*) FROM f4) + (SELECT count(*) FROM f5) + (SELECT count(*) FROM r)");
        Assert.StartsWith("refused 19: a row with the highest rowid", answers[3], StringComparison.Ordinal);
        Assert.Equal("0", answers[4]);
    }
}
