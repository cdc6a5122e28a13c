namespace Graft.Sqlite.Tests;

/// <summary>What is refused, with the words that say what to do instead, and what looks alike and passes (docs/internals/sqlite.md, section 7).</summary>
public sealed class RefusalTests
{
    private const string Tables = "CREATE TABLE t(a); CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO t VALUES (1); ANALYZE; CREATE VIEW v AS SELECT 1 AS a";

    [Theory]
    [InlineData("ATTACH 'other.db' AS o", Refusals.Attach)]
    [InlineData("ATTACH ':memory:' AS o", Refusals.Attach)]
    [InlineData("DETACH main", Refusals.Attach)]
    [InlineData("SELECT load_extension('x')", "load_extension isn't allowed: code has to be the same on every node; ask for it to be built in")]
    [InlineData("SELECT fts3_tokenizer('simple')", "fts3_tokenizer isn't allowed: code has to be the same on every node; ask for it to be built in")]
    [InlineData("CREATE TEMP TABLE q(a)", Refusals.Temporary)]
    [InlineData("CREATE TEMPORARY VIEW q AS SELECT 1", Refusals.Temporary)]
    [InlineData("CREATE TEMP TRIGGER q AFTER INSERT ON t BEGIN SELECT 1; END", Refusals.Temporary)]
    [InlineData("CREATE TABLE temp.q(a)", Refusals.Temporary)]
    [InlineData("CREATE VIRTUAL TABLE temp.q USING fts5(a)", Refusals.Temporary)]
    [InlineData("SAVEPOINT s", Refusals.Savepoint)]
    [InlineData("RELEASE graft_entry", Refusals.Savepoint)]
    [InlineData("ROLLBACK TO graft_entry", Refusals.Savepoint)]
    [InlineData("DROP TABLE sqlite_stat1", Refusals.Statistics)]
    [InlineData("SELECT * FROM _graft_row", Refusals.Own)]
    [InlineData("SELECT * FROM _GRAFT_Setting", Refusals.Own)]
    [InlineData("DELETE FROM _graft_row", Refusals.Own)]
    [InlineData("INSERT INTO _graft_setting VALUES ('applied', 9)", Refusals.Own)]
    [InlineData("UPDATE _graft_setting SET value=0", Refusals.Own)]
    [InlineData("DROP TABLE _graft_row", Refusals.Own)]
    [InlineData("ALTER TABLE _graft_row RENAME TO mine", Refusals.Own)]
    [InlineData("ALTER TABLE _graft_row ADD COLUMN x", Refusals.Own)]
    [InlineData("CREATE TABLE _graft_x(a)", Refusals.Own)]
    [InlineData("CREATE VIEW _graft_x AS SELECT 1", Refusals.Own)]
    [InlineData("CREATE INDEX x ON _graft_setting(value)", Refusals.Own)]
    [InlineData("CREATE INDEX _graft_x ON t(a)", Refusals.Own)]
    [InlineData("CREATE TRIGGER x AFTER INSERT ON _graft_row BEGIN SELECT 1; END", Refusals.Own)]
    [InlineData("CREATE TRIGGER _graft_x AFTER INSERT ON t BEGIN SELECT 1; END", Refusals.Own)]
    [InlineData("CREATE VIRTUAL TABLE _graft_f USING fts5(a)", Refusals.Own)]
    [InlineData("CREATE VIRTUAL TABLE _graft USING fts5(a)", Refusals.Own)]
    [InlineData("SELECT value FROM t, (SELECT * FROM _graft_setting)", Refusals.Own)]
    [InlineData("EXPLAIN SELECT 1", Refusals.Explain)]
    [InlineData("EXPLAIN QUERY PLAN SELECT * FROM t", Refusals.Explain)]
    [InlineData("CREATE VIRTUAL TABLE d USING dbstat", "the module dbstat isn't allowed: what it reads differs between nodes")]
    [InlineData("CREATE VIRTUAL TABLE d USING fts3tokenize", "the module fts3tokenize isn't allowed: what it reads differs between nodes")]
    [InlineData("PRAGMA journal_mode=DELETE", "PRAGMA journal_mode isn't allowed here: ")]
    [InlineData("PRAGMA /**/ journal_mode", "PRAGMA journal_mode isn't allowed here: ")]
    [InlineData("PRAGMA writable_schema=ON", "PRAGMA writable_schema isn't allowed here: ")]
    [InlineData("PRAGMA foreign_keys=OFF", "PRAGMA foreign_keys isn't allowed here: ")]
    [InlineData("PRAGMA recursive_triggers=ON", "PRAGMA recursive_triggers isn't allowed here: ")]
    [InlineData("PRAGMA case_sensitive_like=ON", "PRAGMA case_sensitive_like isn't allowed here: ")]
    [InlineData("PRAGMA synchronous=OFF", "PRAGMA synchronous isn't allowed here: ")]
    [InlineData("PRAGMA wal_checkpoint", "PRAGMA wal_checkpoint isn't allowed here: ")]
    [InlineData("PRAGMA page_size=8192", "PRAGMA page_size isn't allowed here: ")]
    [InlineData("PRAGMA page_count", "PRAGMA page_count isn't allowed here: ")]
    [InlineData("PRAGMA data_version", "PRAGMA data_version isn't allowed here: ")]
    [InlineData("PRAGMA main.data_version", "PRAGMA data_version isn't allowed here: ")]
    [InlineData("SELECT * FROM pragma_page_count", "PRAGMA page_count isn't allowed here: ")]
    [InlineData("SELECT * FROM pragma_freelist_count()", "PRAGMA freelist_count isn't allowed here: ")]
    [InlineData("SELECT * FROM pragma_data_version", "PRAGMA data_version isn't allowed here: ")]
    [InlineData("SELECT * FROM pragma_compile_options", "PRAGMA compile_options isn't allowed here: ")]
    [InlineData("WITH x AS (SELECT * FROM pragma_database_list) SELECT * FROM x", "PRAGMA database_list isn't allowed here: ")]
    public async Task AStatementIsRefusedInOurWordsAsync(string sql, string message)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync(Tables);
        UInt128 before = await database.DigestAsync();
        SqlFailure failure = Assert.IsType<SqlFailure>(Assert.Single((await database.ExecuteAsync(sql)).Results));
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
        Assert.Equal(ResultCode.Authorization, failure.Code);
        Assert.Equal(before, await database.DigestAsync());

        // The writer works on, and nothing of it lasts.
        Assert.Equal("changed 1 last 2", TestDatabase.Text(await database.ExecuteAsync("INSERT INTO t VALUES (2)")));
    }

    [Theory]
    [InlineData("VACUUM INTO '/tmp/copy.db'")]
    [InlineData("SELECT 1; VACUUM")]
    [InlineData("VACUUM main")]
    public async Task AVacuumOfAnyOtherKindIsRefusedAsync(string sql)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        Assert.Equal(Refusals.VacuumAmong, (await database.ExecuteAsync(sql)).FirstFailure!.Message);
    }

    [Theory]
    [InlineData("UPDATE sqlite_master SET sql=''", "table sqlite_master may not be modified")]
    [InlineData("DELETE FROM sqlite_schema", "table sqlite_master may not be modified")]
    [InlineData("DELETE FROM f_data", "table f_data may not be modified")]
    [InlineData("CREATE TABLE sqlite_x(a)", "object name reserved for internal use: sqlite_x")]
    public async Task SqliteItselfKeepsItsTablesAsync(string sql, string message)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync(Tables);
        Assert.Equal(message, (await database.ExecuteAsync(sql)).FirstFailure!.Message);
    }

    /// <summary>The bundled SQLite forgets with a VACUUM which tables are a virtual table's own.</summary>
    [Theory]
    [InlineData("DELETE FROM f_data", "f_data")]
    [InlineData("UPDATE F_CONTENT SET c0=1", "f_content")]
    [InlineData("DROP TABLE f_idx", "f_idx")]
    [InlineData("ALTER TABLE f_config RENAME TO x", "f_config")]
    [InlineData("INSERT INTO f_content VALUES (1, 'x')", "f_content")]
    [InlineData("DELETE FROM g_segdir", "g_segdir")]
    public async Task TheTablesOfAVirtualTableAreKeptBehindAVacuumTooAsync(string sql, string table)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync(Tables + "; CREATE VIRTUAL TABLE g USING fts4(x); CREATE VIRTUAL TABLE r USING rtree(id, a, b); CREATE TABLE f_notes(a); INSERT INTO f VALUES ('a')");
        await database.ExecuteAsync("VACUUM");
        Assert.Equal(Refusals.Shadow(table), (await database.ExecuteAsync(sql)).FirstFailure!.Message, ignoreCase: true);
        await database.ReopenAsync();
        Assert.Equal(Refusals.Shadow(table), (await database.ExecuteAsync(sql)).FirstFailure!.Message, ignoreCase: true);
        Assert.Null((await database.ExecuteAsync("INSERT INTO f_notes VALUES (1); INSERT INTO f VALUES ('b'); INSERT INTO g VALUES ('c'); INSERT INTO r VALUES (1, 2, 3); ALTER TABLE f RENAME TO h; DROP TABLE h")).FirstFailure);
    }

    [Theory]
    [InlineData("ALTER TABLE t RENAME TO _graft_t")]
    [InlineData("ALTER TABLE t RENAME TO _GRAFT_T")]
    public async Task ARenameToANameOfOursUndoesItsRequestAsync(string sql)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync(Tables);
        SqlAnswer answer = await database.ExecuteAsync($"INSERT INTO t VALUES (7); {sql}");
        Assert.StartsWith(Refusals.Own, answer.Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("1", await database.RowsAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task ATriggerOrAViewLeadsNobodyToOurTablesAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync(Tables);
        await database.ExecuteAsync("CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM _graft_row; END; CREATE VIEW w AS SELECT * FROM _graft_row");
        Assert.Equal(Refusals.Own, (await database.ExecuteAsync("INSERT INTO t VALUES (2)")).FirstFailure?.Message);
        Assert.Equal(Refusals.Own, (await database.ExecuteAsync("SELECT * FROM w")).FirstFailure?.Message);
    }

    [Theory]
    [InlineData("PRAGMA user_version=7; PRAGMA user_version; PRAGMA application_id=8; PRAGMA application_id")]
    [InlineData("PRAGMA table_info(t); PRAGMA table_xinfo(t); PRAGMA index_list(t); PRAGMA foreign_key_list(t); PRAGMA foreign_key_check; PRAGMA page_size")]
    [InlineData("SELECT name FROM pragma_table_info('t'); SELECT * FROM pragma_index_list('t')")]
    [InlineData("SELECT name, rootpage FROM sqlite_master WHERE name='t'; DELETE FROM sqlite_stat1; SELECT * FROM json_each('[1]')")]
    [InlineData("CREATE TABLE graft_x(a); CREATE TABLE agraft_(a); DROP TABLE graft_x; ALTER TABLE t RENAME TO tt; SELECT '_graft_row'")]
    [InlineData("CREATE VIRTUAL TABLE r USING rtree(id, a, b); CREATE VIRTUAL TABLE r32 USING rtree_i32(id, a, b); CREATE VIRTUAL TABLE f3 USING fts3(a); CREATE VIRTUAL TABLE aux USING fts4aux(f3); SELECT * FROM aux")]
    [InlineData("BEGIN; SELECT 1; END; BEGIN EXCLUSIVE; COMMIT TRANSACTION; REINDEX; ANALYZE; ANALYZE t; INSERT INTO f VALUES ('a'); SELECT * FROM f WHERE f MATCH 'a'")]
    [InlineData("SELECT 'attach', 'vacuum', 'pragma journal_mode' -- ATTACH\n; ; /* SAVEPOINT */")]
    public async Task WhatLooksAlikePassesAsync(string sql)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync(Tables);
        SqlAnswer answer = await database.ExecuteAsync(sql);
        Assert.Null(answer.FirstFailure);
    }

    [Fact]
    public async Task WhatALoadedFullTextIndexNeedsPassesBehindAReopenAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync(Tables + "; CREATE VIRTUAL TABLE g USING fts4(x); CREATE VIRTUAL TABLE r USING rtree(id, a, b)");
        foreach (string sql in new[] { "DELETE FROM f WHERE rowid=5", "UPDATE g SET x=1", "INSERT INTO r VALUES (1, 2, 3)", "INSERT INTO f(f) VALUES ('rebuild')", "SELECT * FROM f WHERE f MATCH 'a'" })
        {
            await database.ReopenAsync();
            Assert.Null((await database.ExecuteAsync(sql)).FirstFailure);
        }
    }

    [Fact]
    public async Task MoreObjectsThanTheStackBearsAreRefusedAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        string views = string.Concat(Enumerable.Range(0, 1001).Select(static i => $"CREATE VIEW v{i} AS SELECT 1;"));
        SqlAnswer answer = (await database.ExecuteAsync(TestDatabase.Request(views) with { StepBudget = 1_000_000_000 }))[0];
        Assert.Equal(Refusals.TooManyObjects, answer.Refusal?.Message);
        Assert.Equal("0", await database.RowsAsync("SELECT count(*) FROM sqlite_master WHERE type='view'"));
    }

    [Theory]
    [InlineData("INSERT INTO t VALUES (1)", Refusals.ReadOnly, ResultCode.ReadOnly)]
    [InlineData("CREATE TABLE q(a)", Refusals.ReadOnly, ResultCode.ReadOnly)]
    [InlineData("DELETE FROM t RETURNING a", Refusals.ReadOnly, ResultCode.ReadOnly)]
    [InlineData("ANALYZE", Refusals.ReadOnly, ResultCode.ReadOnly)]
    [InlineData("ATTACH 'x' AS y", Refusals.Attach, ResultCode.Authorization)]
    [InlineData("VACUUM", "", ResultCode.Error)]
    [InlineData("VACUUM INTO '/tmp/graft-copy.db'", "", ResultCode.Error)]
    [InlineData("SELECT * FROM _graft_row", Refusals.Own, ResultCode.Authorization)]
    [InlineData("PRAGMA query_only=OFF", "PRAGMA query_only isn't allowed here", ResultCode.Authorization)]
    [InlineData("PRAGMA user_version=3", "PRAGMA user_version isn't allowed here", ResultCode.Authorization)]
    [InlineData("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint isn't allowed here", ResultCode.Authorization)]
    [InlineData("PRAGMA page_size=512", "PRAGMA page_size isn't allowed here", ResultCode.Authorization)]
    [InlineData("SELECT * FROM pragma_cache_size", "PRAGMA cache_size isn't allowed here", ResultCode.Authorization)]
    [InlineData("BEGIN", "a query is one snapshot already", ResultCode.Authorization)]
    [InlineData("COMMIT", "a query is one snapshot already", ResultCode.Authorization)]
    [InlineData("SAVEPOINT s", "a query is one snapshot already", ResultCode.Authorization)]
    [InlineData("CREATE TEMP TABLE q(a)", Refusals.Temporary, ResultCode.Authorization)]
    [InlineData("SELECT load_extension('x')", "load_extension isn't allowed", ResultCode.Authorization)]
    public async Task AQueryIsRefusedWhatChangesOrSpiesAsync(string sql, string message, int code)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync(Tables);
        SqlFailure? failure = (await database.QueryAsync(sql)).FirstFailure;
        Assert.NotNull(failure);
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
        Assert.Equal(code, ResultCode.Primary(failure.Code));
        Assert.Equal("1", await database.RowsAsync("SELECT a FROM t"));
    }

    [Theory]
    [InlineData("PRAGMA page_count; PRAGMA freelist_count; PRAGMA page_size; PRAGMA integrity_check; PRAGMA quick_check; PRAGMA compile_options; PRAGMA function_list; PRAGMA module_list")]
    [InlineData("EXPLAIN SELECT 1; EXPLAIN QUERY PLAN SELECT * FROM t; SELECT random(), datetime('now'); SELECT * FROM f WHERE f MATCH 'x'; SELECT * FROM pragma_page_count")]
    [InlineData("SELECT rootpage FROM sqlite_master; PRAGMA user_version; PRAGMA table_info(t)")]
    public async Task AQueryMayLookAtThisNodeAsync(string sql)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync(Tables);
        Assert.Null((await database.QueryAsync(sql)).FirstFailure);
    }

    /// <summary>A query that was prepared before knows other columns than the table has now.</summary>
    [Fact]
    public async Task AQueryThatIsKeptFollowsTheSchemaAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
        Assert.Equal("1", await database.RowsAsync("SELECT * FROM t"));
        await database.ExecuteAsync("ALTER TABLE t ADD COLUMN b DEFAULT 2");
        Assert.Equal("1|2", await database.RowsAsync("SELECT * FROM t"));
        await database.ExecuteAsync("ALTER TABLE t DROP COLUMN a");
        Assert.Equal("2", await database.RowsAsync("SELECT * FROM t"));
    }

    [Fact]
    public async Task AFullTextIndexThatMergesByItselfIsRefusedAndATableOfSuchANameIsNotAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE VIRTUAL TABLE f USING fts4(x); CREATE TABLE other_stat(id INTEGER PRIMARY KEY)");
        Assert.StartsWith("refused 1: the option automerge", TestDatabase.Text(await database.ExecuteAsync("INSERT INTO f(f) VALUES ('automerge=4')")), StringComparison.Ordinal);
        Assert.Null((await database.ExecuteAsync("INSERT INTO other_stat VALUES (2); INSERT INTO f VALUES ('one'), ('two'), ('three'); INSERT INTO f(f) VALUES ('merge=1,2')")).FirstFailure);
    }

    [Fact]
    public async Task ALongTextOfManyStatementsIsNotCopiedForEachOfThemAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        string text = "CREATE TABLE t(a);" + string.Concat(Enumerable.Range(0, 20_000).Select(static i => $"INSERT INTO t VALUES({i});")) + "/* the end */";
        SqlAnswer answer = (await database.ExecuteAsync(TestDatabase.Request(text) with { AnswerBytesMax = 1 << 20 }))[0];
        Assert.Null(answer.FirstFailure);
        Assert.Equal(20_001, answer.Results.Count);
        Assert.Equal("20000|199990000", await database.RowsAsync("SELECT count(*), sum(a) FROM t"));
    }

    [Fact]
    public async Task ARequestOfManyRollbacksEndsSoonAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a PRIMARY KEY); INSERT INTO t VALUES (1)");
        SqlAnswer answer = (await database.ExecuteAsync(
            new SqlRequest([.. Enumerable.Range(0, 20_000).Select(static _ => new SqlStatement("INSERT OR ROLLBACK INTO t VALUES (1)"))])))[0];
        Assert.Contains("more than 16 statements", answer.Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("1", await database.RowsAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public void ABudgetHasACeilingWhateverIsAsked()
    {
        byte[] command = SqlWire.Encode(TestDatabase.Request("SELECT 1") with { StepBudget = long.MaxValue });
        SqlCommandCodec.ReadKind(command, out ReadOnlyMemory<byte> body);
        Assert.Equal(SqlRequest.StepBudgetMax, SqlCommandCodec.ReadHead(body, out _).StepBudget);
    }

    [Fact]
    public async Task RowsThatBreakAConstraintAreNoDamageAsync()
    {
        await using TestDatabase first = await TestDatabase.OpenAsync();
        await using TestDatabase second = await TestDatabase.OpenAsync();
        await first.ExecuteAsync("CREATE TABLE t(a); INSERT INTO t VALUES (1); ALTER TABLE t ADD COLUMN b INTEGER DEFAULT 0 CHECK(b > 0)");
        await second.RestoreAsync(await first.ImageAsync(), 1);
        Assert.Equal(await first.DigestAsync(), await second.DigestAsync());
        Assert.Equal(275, (await second.ExecuteAsync("INSERT INTO t(a) VALUES (2)")).FirstFailure!.Code);
    }
}
