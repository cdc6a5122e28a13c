namespace Graft.Sqlite.Tests;

/// <summary>What a batch, a cache or a connection might let through from one request to another.</summary>
public sealed class BatchTests
{
    private const string State = "SELECT changes(), total_changes(), last_insert_rowid(), random()";

    [Theory]
    [InlineData("INSERT OR ROLLBACK INTO t(x) VALUES (50), (1)")]
    [InlineData("INSERT OR ABORT INTO t(x) VALUES (50), (1)")]
    [InlineData("INSERT OR FAIL INTO t(x) VALUES (50), (1)")]
    [InlineData("INSERT OR IGNORE INTO t(x) VALUES (50), (1)")]
    [InlineData("INSERT OR REPLACE INTO t(x) VALUES (50), (1)")]
    [InlineData("UPDATE OR ROLLBACK t SET x=1")]
    [InlineData("UPDATE OR FAIL t SET x=x+1")]
    [InlineData("INSERT INTO r VALUES ('ROLLBACK')")]
    [InlineData("INSERT INTO r VALUES ('ABORT')")]
    [InlineData("INSERT INTO r VALUES ('FAIL')")]
    [InlineData("INSERT INTO r VALUES ('IGNORE')")]
    public async Task AConflictTakesWhatSqliteTakesAndLeavesTheSameStateBehindAsync(string conflict)
    {
        SqlRequest[] script =
        [
            TestDatabase.Request(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, x UNIQUE DEFAULT (random())); CREATE TABLE r(x); INSERT INTO t(x) VALUES (1), (2);"
                + " CREATE TRIGGER tr BEFORE INSERT ON r BEGIN INSERT INTO t(x) VALUES (random()); SELECT CASE new.x WHEN 'ROLLBACK' THEN RAISE(ROLLBACK, 'no')"
                + " WHEN 'ABORT' THEN RAISE(ABORT, 'no') WHEN 'FAIL' THEN RAISE(FAIL, 'no') ELSE RAISE(IGNORE) END; END"),
            TestDatabase.Request("INSERT INTO t DEFAULT VALUES"),
            TestDatabase.Request($"INSERT INTO t(x) VALUES (10), (11); {conflict}; {State}; INSERT INTO t DEFAULT VALUES"),
            TestDatabase.Request($"BEGIN; INSERT INTO t(x) VALUES (20); {conflict}; {State}; INSERT INTO t(x) VALUES (21)"),
            TestDatabase.Request($"BEGIN; INSERT INTO t(x) VALUES (30); {conflict}; {State}; INSERT INTO t(x) VALUES (31); COMMIT; {State}"),
            TestDatabase.Request($"INSERT INTO t(x) VALUES (40); {conflict}; INSERT INTO t(x) VALUES (41)") with { AllOrNothing = true },
            TestDatabase.Request(conflict),
            TestDatabase.Request(State),
            TestDatabase.Request("SELECT * FROM t ORDER BY x"),
        ];
        await Agreement.OfAsync(script);
        await Agreement.OfAsync(script, seed: 2);
    }

    /// <summary>In a transaction SQLite undoes a statement by a journal that it keeps only for statements of which it expects an error.</summary>
    [Fact]
    public async Task AStatementThatFailsUnexpectedlyLeavesNothingBehindAsync()
    {
        string[] answers = await Agreement.OfAsync(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, x)",
            "INSERT OR FAIL INTO t(x) VALUES (1), (json_array(x'00'))",
            "INSERT OR FAIL INTO t(x) VALUES (2), (json_array(x'00')); INSERT INTO t(x) VALUES (3); SELECT changes(), total_changes()",
            "BEGIN; INSERT OR FAIL INTO t(x) VALUES (4), (json_array(x'00')); COMMIT",
            "SELECT x FROM t WHERE x <> 4");
        Assert.Equal("3", answers[4]);
    }

    [Fact]
    public async Task AStatementThatIsNotRunAgainHasTakenItsValuesAsync()
    {
        string[] answers = await Agreement.OfAsync(
        [
            TestDatabase.Request("CREATE TABLE t(x UNIQUE); INSERT INTO t VALUES (1)"),
            TestDatabase.Request("INSERT OR ROLLBACK INTO t VALUES (?); INSERT INTO t VALUES (?)", SqlValue.FromInteger(1), SqlValue.FromInteger(2)) with { BindStrictly = true },
            TestDatabase.Request("SELECT x FROM t"),
        ]);
        Assert.Equal("1\n2", answers[2]);
    }

    [Fact]
    public async Task WhatFailLeavesBehindIsJudgedByForeignKeysWhereItFailedAsync() => await Agreement.OfAsync(
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO c VALUES (1, NULL)",
        "INSERT OR FAIL INTO c VALUES (2, 99), (1, NULL); INSERT INTO c VALUES (3, NULL)",
        "SELECT * FROM c",
        "INSERT OR FAIL INTO c VALUES (4, 99), (1, NULL)",
        "BEGIN; INSERT OR FAIL INTO c VALUES (5, 99), (1, NULL); INSERT INTO p VALUES (99); COMMIT",
        "SELECT * FROM c");

    [Fact]
    public async Task DeferringForeignKeysEndsWithItsTransactionAsync() => await Agreement.OfAsync(
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p(id))",
        "PRAGMA defer_foreign_keys=ON; INSERT INTO c VALUES (1); PRAGMA defer_foreign_keys; INSERT OR FAIL INTO c VALUES (2)",
        "BEGIN; PRAGMA defer_foreign_keys=ON; INSERT INTO c VALUES (3); INSERT INTO p VALUES (3); COMMIT; PRAGMA defer_foreign_keys; INSERT INTO c VALUES (4)",
        "BEGIN; PRAGMA defer_foreign_keys=ON; ROLLBACK; PRAGMA defer_foreign_keys",
        "PRAGMA defer_foreign_keys",
        "BEGIN; PRAGMA defer_foreign_keys=1; INSERT INTO c VALUES (5); COMMIT; INSERT INTO p VALUES (5); COMMIT; PRAGMA defer_foreign_keys",
        "SELECT * FROM c");

    /// <summary>A statement that was prepared against an older schema takes two steps more to find out.</summary>
    [Theory]
    [InlineData("CREATE TABLE other(x)")]
    [InlineData("ALTER TABLE t ADD COLUMN y DEFAULT 5")]
    [InlineData("CREATE INDEX i ON t(x)")]
    [InlineData("ANALYZE")]
    [InlineData("BEGIN; CREATE TABLE other(x); ROLLBACK")]
    [InlineData("CREATE TABLE other(x); DROP TABLE other")]
    [InlineData("CREATE TABLE t(x)")]
    [InlineData("CREATE TEMP TABLE other(x); DROP TABLE IF EXISTS other")]
    public async Task ACachedStatementTakesAsManyStepsAsANewOneAsync(string change)
    {
        SqlRequest Uses(string sql) => new([new SqlStatement("SELECT * FROM t"), new SqlStatement(sql), new SqlStatement("SELECT * FROM t"), new SqlStatement("INSERT INTO t(x) VALUES (1)")]);
        SqlRequest[] script =
        [
            TestDatabase.Request("CREATE TABLE t(x)"), TestDatabase.Request("SELECT * FROM t"), TestDatabase.Request("INSERT INTO t(x) VALUES (1)"),
            Uses(change), TestDatabase.Request("SELECT * FROM t"), Uses("SELECT 1"), TestDatabase.Request("INSERT INTO t(x) VALUES (1)"),
        ];
        for (ulong seed = 1; seed < 8; seed++)
        {
            await Agreement.OfAsync(script, seed);
        }
    }

    [Fact]
    public async Task AVacuumChangesNoStepOfWhatIsCachedAsync()
    {
        for (ulong seed = 1; seed < 8; seed++)
        {
            await Agreement.OfAsync(
            [
                TestDatabase.Request("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2), (3); DELETE FROM t WHERE x=1"), TestDatabase.Request("SELECT rowid, x FROM t"),
                TestDatabase.Request("INSERT INTO t VALUES (random())"), TestDatabase.Request("VACUUM"), TestDatabase.Request("SELECT rowid, x FROM t"),
                TestDatabase.Request("INSERT INTO t VALUES (random())"), TestDatabase.Request("VACUUM"), TestDatabase.Request("SELECT rowid, x FROM t"),
            ],
            seed);
        }
    }

    [Theory]
    [InlineData("fts4")]
    [InlineData("fts5")]
    public async Task WhatAFullTextIndexWritesInsideIsNotTheNextStatementsAsync(string module) => await Agreement.OfAsync(
        $"CREATE VIRTUAL TABLE f USING {module}(x); CREATE TABLE t(x)",
        "INSERT INTO f VALUES ('one two three')",
        State,
        $"INSERT INTO f VALUES ('four five'), ('six'); {State}; INSERT INTO t VALUES (1); {State}",
        State,
        $"BEGIN; INSERT INTO f VALUES ('seven'); {State}; INSERT INTO f VALUES ('eight'); COMMIT; {State}",
        State,
        "INSERT INTO f VALUES ('nine'); INSERT INTO f(nothing) VALUES (1)",
        "BEGIN; INSERT INTO f VALUES ('ten'); ROLLBACK; SELECT count(*) FROM f",
        $"UPDATE f SET x='two two' WHERE rowid=1; {State}; DELETE FROM f WHERE rowid=2; {State}",
        "SELECT rowid, x FROM f WHERE f MATCH 'two OR six' ORDER BY rowid");

    [Fact]
    public async Task IndexesOfEveryModuleAgreeToTheLastShadowRowAsync()
    {
        string[] answers = await Agreement.OfAsync(
            "CREATE TABLE doc(id INTEGER PRIMARY KEY, body)",
            "CREATE VIRTUAL TABLE f5 USING fts5(body, content=doc, content_rowid=id); CREATE VIRTUAL TABLE f4 USING fts4(body)",
            "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, +note); CREATE VIRTUAL TABLE v USING fts5vocab(f5, row)",
            "CREATE TRIGGER d1 AFTER INSERT ON doc BEGIN INSERT INTO f5(rowid, body) VALUES (new.id, new.body); INSERT INTO f4(docid, body) VALUES (new.id, new.body); INSERT INTO r VALUES (new.id, new.id, new.id + 1, new.body); END",
            "CREATE TRIGGER d2 AFTER DELETE ON doc BEGIN INSERT INTO f5(f5, rowid, body) VALUES ('delete', old.id, old.body); DELETE FROM f4 WHERE docid=old.id; DELETE FROM r WHERE id=old.id; END",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) INSERT INTO doc SELECT i, 'w' || (abs(random()) % 30) || ' w' || (i % 7) FROM n",
            "DELETE FROM doc WHERE id % 5 = 0; INSERT INTO doc(body) VALUES ('w1 last')",
            "INSERT OR ROLLBACK INTO doc VALUES (500, 'w1 w2'), (1, 'twice')",

            "SELECT rowid FROM f5 WHERE f5 MATCH 'w1 OR last' ORDER BY rank, rowid",
            "SELECT docid, snippet(f4) FROM f4 WHERE f4 MATCH 'w1' ORDER BY docid",
            "SELECT id, note FROM r WHERE x0 > 40 ORDER BY id",
            "SELECT * FROM v ORDER BY term LIMIT 5",
            "ANALYZE; SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY tbl, idx",
            "DROP TABLE f4; INSERT INTO doc(body) VALUES ('fails'); DROP TRIGGER d1; INSERT INTO doc(body) VALUES ('works')");
        Assert.DoesNotContain(answers[..^2], static answer => answer.Contains("error", StringComparison.Ordinal) && !answer.Contains("UNIQUE", StringComparison.Ordinal));
    }

    /// <summary>SQLite shows an unset variable as the last rowid behind such a command; what plain SQLite says is therefore nobody's measure.</summary>
    [Theory]
    [InlineData("fts4")]
    [InlineData("fts5")]
    public async Task ACommandToAFullTextIndexLeavesTheLastRowidAsItWasAsync(string module)
    {
        string[] answers = await Agreement.OfAsync(
        [
            TestDatabase.Request($"CREATE VIRTUAL TABLE f USING {module}(x)"),
            TestDatabase.Request("INSERT INTO f(rowid, x) VALUES (4, 'a b'), (9, 'c')"),
            TestDatabase.Request("INSERT INTO f(f) VALUES ('optimize')"),
            TestDatabase.Request("INSERT INTO f(rowid, x) VALUES (5, 'd'); INSERT INTO f(f) VALUES ('optimize'); INSERT INTO f(f) VALUES ('integrity-check'); SELECT last_insert_rowid()"),
            TestDatabase.Request("INSERT INTO f(f) VALUES ('rebuild')"),
        ],
        likePlain: false);
        Assert.Equal("changed 2 last 9", answers[1]);
        Assert.EndsWith(" last 0", answers[2], StringComparison.Ordinal);
        Assert.EndsWith("\n5", answers[3], StringComparison.Ordinal);
    }

    /// <summary>SQLite plans by what it remembers of the statistics: what a deleted or rolled back ANALYZE left behind in memory is gone behind a restart.</summary>
    [Theory]
    [InlineData("BEGIN; ANALYZE; ROLLBACK")]
    [InlineData("DELETE FROM sqlite_stat1")]
    [InlineData("UPDATE sqlite_stat1 SET stat='10 1' WHERE idx='ib'")]
    [InlineData("DROP INDEX ia")]
    [InlineData("BEGIN; DELETE FROM sqlite_stat1; ROLLBACK")]
    [InlineData("BEGIN; DELETE FROM t; ANALYZE; ROLLBACK")]
    [InlineData("INSERT INTO fires VALUES (1)")]
    public async Task PlansAreThoseOfTheStatisticsInTheDatabaseAsync(string change)
    {
        SqlRequest[] script =
        [
            TestDatabase.Request("CREATE TABLE t(a, b, c); CREATE INDEX ia ON t(a); CREATE INDEX ib ON t(b); CREATE TABLE u(a, b); CREATE INDEX ua ON u(a); CREATE TABLE fires(x)"),
            TestDatabase.Request("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO t SELECT i % 3, -i, i FROM n"),
            TestDatabase.Request("INSERT INTO u SELECT a, b FROM t WHERE c < 9"),
            TestDatabase.Request("ANALYZE"),
            TestDatabase.Request("CREATE TRIGGER tr AFTER INSERT ON fires BEGIN UPDATE sqlite_stat1 SET stat='200 200'; END"),
            TestDatabase.Request("INSERT INTO t SELECT -a, b / 50, c FROM t"),
            TestDatabase.Request(change),
            TestDatabase.Request("SELECT t.rowid FROM t, u WHERE t.a=u.a AND t.b < 0 LIMIT 50"),
            TestDatabase.Request("SELECT rowid FROM t WHERE a=1 AND b=-1; SELECT rowid FROM t WHERE a > 0 AND b < 0 LIMIT 20"),
            TestDatabase.Request("CREATE INDEX ic ON t(c, a)"),
            TestDatabase.Request("SELECT rowid FROM t WHERE a=1 AND c>3 AND b > -40 LIMIT 20; SELECT DISTINCT a FROM t"),
        ];
        for (ulong seed = 1; seed < 12; seed++)
        {
            await Agreement.OfAsync(script, seed);
        }
    }

    [Fact]
    public async Task SchemaChangesOfABatchAreUndoneWithTheirRequestAsync() => await Agreement.OfAsync(
    [
        TestDatabase.Request("CREATE TABLE t(x)"),
        TestDatabase.Request("CREATE TABLE a(x); INSERT INTO a VALUES (1); INSERT INTO missing VALUES (1)") with { AllOrNothing = true },
        TestDatabase.Request("SELECT * FROM a"),
        TestDatabase.Request("CREATE TABLE a(y, z); INSERT INTO a VALUES (1, 2)"),
        TestDatabase.Request("BEGIN; DROP TABLE t; CREATE TABLE t(other, columns); INSERT INTO t VALUES (1, 2); ROLLBACK; INSERT INTO t VALUES (3)"),
        TestDatabase.Request("ALTER TABLE a RENAME COLUMN z TO w; ALTER TABLE a ADD COLUMN v DEFAULT 7; ALTER TABLE a RENAME TO b; SELECT * FROM b"),
        TestDatabase.Request("CREATE VIEW q AS SELECT w + v AS s FROM b; ALTER TABLE b DROP COLUMN y; SELECT * FROM q"),
        TestDatabase.Request("CREATE TABLE copy AS SELECT random() AS r, * FROM b; SELECT * FROM copy; DROP VIEW q; DROP TABLE b"),
        TestDatabase.Request("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE '\\_graft%' ESCAPE '\\'"),
    ]);

    [Fact]
    public async Task ValuesOfEveryKindComeBackAsTheyWentInAsync() => await Agreement.OfAsync(
    [
        TestDatabase.Request("CREATE TABLE t(a, r REAL, i INTEGER, s TEXT, n NUMERIC)"),
        .. new[]
        {
            SqlValue.Null, SqlValue.FromInteger(long.MinValue), SqlValue.FromInteger(long.MaxValue), SqlValue.FromReal(double.NaN), SqlValue.FromReal(double.PositiveInfinity),
            SqlValue.FromReal(double.NegativeInfinity), SqlValue.FromReal(-0.0), SqlValue.FromReal(5e-324), SqlValue.FromReal(double.MaxValue), SqlValue.FromText(""), SqlValue.FromText("a\0b"),
            SqlValue.FromText(new byte[] { 0xFF, 0xC3, 0x28, 0xED, 0xA0, 0x80 }), SqlValue.FromBlob(default), SqlValue.FromBlob(new byte[] { 0, 1, 255 }), SqlValue.Zeros(300), SqlValue.FromText("1e400"),
        }.Select(static value => TestDatabase.Request("INSERT INTO t VALUES (?1, ?1, ?1, ?1, ?1) RETURNING *, typeof(a), length(a), quote(s), a + 0, r || ''", value)),
        TestDatabase.Request("SELECT * FROM t ORDER BY a, rowid"),
    ]);
}
