using System.Globalization;
using Graft.Consensus;

namespace Graft.Sqlite.Tests;

/// <summary>Scripts of requests drawn from a seed: what clients write, what they shouldn't, and what nobody would.</summary>
/// <param name="random">The same one draws the same script.</param>
internal sealed class ScriptDraws(SeededRandom random)
{
    private static readonly string[] Tables = ["a", "b", "c", "k", "w", "s"];
    private static readonly string[] Conflicts = ["", "", "", "", " OR ROLLBACK", " OR ABORT", " OR FAIL", " OR IGNORE", " OR REPLACE"];
    private static readonly string[] Words = ["one", "two", "three", "four", "five", "six"];

    /// <summary>The tables, views and triggers that most of it is about.</summary>
    internal const string Schema =
        "CREATE TABLE a(id INTEGER PRIMARY KEY, x DEFAULT (random()), y TEXT DEFAULT CURRENT_TIMESTAMP, z UNIQUE);"
        + " CREATE TABLE b(id INTEGER PRIMARY KEY AUTOINCREMENT, x, y REFERENCES a(id) DEFERRABLE INITIALLY DEFERRED, z AS (typeof(x)));"
        + " CREATE TABLE c(x, y, z REAL, CHECK (x IS NULL OR x <> 13));"
        + " CREATE TABLE k(id INTEGER PRIMARY KEY, x REFERENCES a(id) ON DELETE CASCADE ON UPDATE SET NULL, y, z NOT NULL DEFAULT 5);"
        + " CREATE TABLE w(x, y, z, PRIMARY KEY (x, y)) WITHOUT ROWID;"
        + " CREATE TABLE s(id INTEGER PRIMARY KEY, x, y, z);"
        + " CREATE INDEX ay ON a(y, x); CREATE INDEX cx ON c(x) WHERE y IS NOT NULL; CREATE INDEX cz ON c(abs(z));"
        + " CREATE VIEW v AS SELECT a.id AS id, random() AS r, a.x + 1 AS x, b.y AS y, strftime('%f') AS t FROM a LEFT JOIN b ON a.id=b.y;"
        + " CREATE TRIGGER t1 AFTER INSERT ON a BEGIN INSERT INTO s(x, y, z) VALUES (new.id, random(), total_changes()); END;"
        + " CREATE TRIGGER t2 BEFORE DELETE ON b WHEN old.id % 3 = 0 BEGIN UPDATE c SET y=changes() WHERE rowid=old.id; END;"
        + " CREATE TRIGGER t3 AFTER UPDATE OF z ON c BEGIN SELECT CASE new.z WHEN 7 THEN RAISE(ROLLBACK, 'seven') WHEN 8 THEN RAISE(ABORT, 'eight') WHEN 9 THEN RAISE(FAIL, 'nine') WHEN 10 THEN RAISE(IGNORE) END; END;"
        + " CREATE TRIGGER t4 INSTEAD OF INSERT ON v BEGIN INSERT OR IGNORE INTO a(id, x) VALUES (new.id, new.x); INSERT INTO b(x, y) VALUES (last_insert_rowid(), new.id); END;"
        + " CREATE VIRTUAL TABLE f USING fts5(x, y); CREATE VIRTUAL TABLE g USING fts4(x, y); CREATE VIRTUAL TABLE h USING rtree(id, x, y);"
        + " CREATE TRIGGER t5 AFTER INSERT ON c BEGIN INSERT INTO f(x, y) VALUES (new.x, new.y); INSERT INTO g(x, y) VALUES (new.y, new.x); END";

    internal SqlRequest[] Script()
    {
        var script = new List<SqlRequest> { TestDatabase.Request(Schema) };
        for (int left = random.Next(5, 40); left > 0; left--)
        {
            script.Add(Request());
        }

        return [.. script];
    }

    private SqlRequest Request()
    {
        if (random.Chance(15))
        {
            return TestDatabase.Request("VACUUM");
        }

        var statements = new List<SqlStatement>();
        bool allOrNothing = random.Chance(300);
        bool transaction = !allOrNothing && random.Chance(200);
        if (transaction)
        {
            statements.Add(new SqlStatement("BEGIN"));
        }

        for (int left = random.Next(1, 4); left > 0; left--)
        {
            SqlStatement item = Item();

            // What is all or nothing is a transaction already; plain SQLite would end it here.
            statements.Add(allOrNothing && item.Sql.Contains("COMMIT", StringComparison.Ordinal) ? new SqlStatement("SELECT 1") : item);
            if (transaction && random.Chance(80))
            {
                statements.Add(new SqlStatement(Pick("COMMIT", "ROLLBACK", "BEGIN", "END; BEGIN IMMEDIATE")));
            }
        }

        if (transaction && !random.Chance(50))
        {
            statements.Add(new SqlStatement(Pick("COMMIT", "COMMIT", "COMMIT", "ROLLBACK")));
        }

        return new SqlRequest(statements)
        {
            AllOrNothing = allOrNothing,
            BindStrictly = random.Chance(50),
            StepBudget = random.Chance(50) ? 1000 * random.Next(1, 20) : SqlRequest.DefaultStepBudget,
            AnswerBytesMax = random.Chance(30) ? 300 : SqlRequest.DefaultAnswerBytesMax,
        };
    }

    private SqlStatement Item()
    {
        var parameters = new List<SqlParameter>();
        string sql = Statement();
        for (int left = random.Chance(150) ? random.Next(1, 2) : 0; left > 0; left--)
        {
            sql += "; " + Statement();
        }

        foreach (char c in sql)
        {
            if (c == '?' && !random.Chance(20))
            {
                parameters.Add(new SqlParameter(null, Value()));
            }
        }

        return new SqlStatement(sql, parameters);
    }

    private string Statement() => random.Next(0, 27) switch
    {
        0 or 1 or 2 or 3 => Insert(),
        4 or 5 => $"UPDATE{Pick(Conflicts)} {Table()} SET {Column()}={Expression(2)}{Where()}{Returning()}",
        6 => $"DELETE FROM {Table()}{Where()}{Returning()}",
        7 or 8 => $"SELECT {Expression(2)}, {Expression(1)} FROM {Table()}{Where()} ORDER BY {Pick("1", "random()", "rowid", "2 DESC", "x, y, z")} LIMIT {random.Next(0, 9)}",
        9 => $"SELECT count(*), total(x), group_concat(quote(y)), {Aggregate()} FROM (SELECT * FROM {Table()}{Where()} ORDER BY x, y, z)",
        10 => $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {random.Next(1, 60)}) INSERT{Pick(Conflicts)} INTO {Table()}(x, y, z) SELECT i, {Expression(1, "i")}, {Expression(1, "i")} FROM n{Pick("", " ORDER BY random()")}",
        11 => $"INSERT INTO a(id, x, z) VALUES ({Id()}, {Expression(1, "1")}, {Small()}) ON CONFLICT({Pick("id", "z")}) DO {Pick("NOTHING", "UPDATE SET x=excluded.x || a.x", "UPDATE SET y=random() WHERE a.id > 3")}{Returning()}",
        12 => $"INSERT INTO v(id, x) VALUES ({Id()}, {Expression(1, "2")})",
        13 => Pick("SELECT * FROM v ORDER BY id, y LIMIT 5", "SELECT changes(), total_changes(), last_insert_rowid()", "SELECT count(*) FROM s WHERE z > 2", "SELECT * FROM sqlite_sequence"),
        14 => Search(),
        15 => $"INSERT INTO {Pick("f", "g")}(x, y) VALUES ({Text()}, {Text()}), ({Text()}, ?)",
        16 => Pick($"UPDATE f SET x={Text()} WHERE rowid={Id()}", $"DELETE FROM {Pick("f", "g", "h")} WHERE rowid<{Id()}", $"REPLACE INTO h VALUES ({Id()}, {random.Next(0, 5)}, {random.Next(5, 9)})", $"INSERT INTO f(rowid, x) VALUES ({Id()}, {Text()})"),
        17 or 18 => Ddl(),
        19 => Pick("ANALYZE", "ANALYZE a", "ANALYZE ay", "DELETE FROM sqlite_stat1 WHERE tbl='a'", "REINDEX", "PRAGMA user_version=" + random.Next(0, 9), "PRAGMA table_info(a)"),
        20 => $"SELECT j.key, j.value, json_extract({Expression(1, "3")}, '$.a') FROM json_each({Pick("'[1,2,{\"a\":null}]'", "'{\"a\":1.5e300,\"b\":\"\\u00e9\"}'", "json_array(random() & 7, ?)", "'[broken'")}) AS j",
        21 => $"INSERT INTO k(id, x, y) SELECT id, id, {Expression(1, "y")} FROM a LIMIT {random.Next(0, 4)}",
        22 => $"UPDATE c SET z={random.Next(5, 11)}{Where()}",
        23 => Wrong(),
        24 => $"INSERT INTO b(x, y) VALUES ({Expression(1, "4")}, {Id()}){Returning()}",
        25 => "PRAGMA defer_foreign_keys=1",
        26 => $"DELETE FROM a WHERE id IN (SELECT id FROM a ORDER BY random() LIMIT {random.Next(0, 3)})",
        _ => $"REPLACE INTO {Table()}(x, y, z) VALUES ({Small()}, {Small()}, {Expression(1, "5")})",
    };

    private string Insert()
    {
        string row() => $"({Expression(2, "1")}, {Expression(1, "2")}, {Expression(1, "3")})";
        return $"INSERT{Pick(Conflicts)} INTO {Table()}(x, y, z) VALUES {row()}{(random.Chance(400) ? ", " + row() : string.Empty)}{Returning()}";
    }

    private string Search() => Pick(
        "SELECT rowid, x, highlight(f, 0, '<', '>') FROM f WHERE f MATCH 'one OR two' ORDER BY rank, rowid LIMIT 5",
        "SELECT docid, snippet(g) FROM g WHERE g MATCH 'three NOT four' ORDER BY docid LIMIT 5",
        "SELECT id FROM h WHERE x > 2 ORDER BY id",
        "SELECT count(*) FROM f WHERE y MATCH ?",
        "SELECT quote(block) FROM f_data ORDER BY id DESC LIMIT 2",
        "SELECT * FROM g_segdir ORDER BY level, idx LIMIT 3");

    private string Ddl()
    {
        int n = random.Next(0, 3);
        return random.Next(0, 12) switch
        {
            0 => $"CREATE TABLE IF NOT EXISTS d{n}(x, y DEFAULT (randomblob(3)), z)",
            1 => $"DROP TABLE IF EXISTS d{n}",
            2 => $"CREATE TABLE d{n} AS SELECT random() AS r, x, y, z FROM {Table()}",
            3 => $"ALTER TABLE d{n} ADD COLUMN {Pick("n1", "n2")} DEFAULT {Small()}",
            4 => $"ALTER TABLE d{n} RENAME TO d{random.Next(0, 3)}",
            5 => $"ALTER TABLE {Pick("d0", "s")} {Pick("DROP COLUMN y", "RENAME COLUMN z TO zz", "RENAME COLUMN zz TO z")}",
            6 => $"CREATE INDEX i{n} ON {Table()}({Column()}, {Column()})",
            7 => $"DROP INDEX {Pick("i0", "i1", "ay", "cx")}",
            8 => $"CREATE VIEW IF NOT EXISTS v{n} AS SELECT random() AS x, y, z FROM {Table()}",
            9 => $"DROP VIEW IF EXISTS v{n}",
            10 => $"CREATE TRIGGER IF NOT EXISTS tr{n} AFTER {Pick("INSERT", "DELETE", "UPDATE")} ON {Table()} BEGIN UPDATE s SET y=random() WHERE id=changes(); INSERT{Pick(Conflicts)} INTO {Pick("s", "d0", "c")}(x) VALUES ({Small()}); END",
            11 => $"DROP TRIGGER IF EXISTS tr{n}",
            _ => $"CREATE VIRTUAL TABLE IF NOT EXISTS d{n} USING {Pick("fts5(x, y, z)", "fts4(x, y, z)")}",
        };
    }

    private string Wrong() => Pick(
        "INSRT INTO a VALUES (1)", "SELECT * FROM missing", "INSERT INTO a(nothing) VALUES (1)", "SELECT", "INSERT INTO c(x) VALUES (13)", "SELECT datetime('now', 'localtime')", "PRAGMA journal_mode=DELETE",
        "SELECT abs(-9223372036854775808)", "SELECT * FROM _graft_row", "ATTACH ':memory:' AS m", "SAVEPOINT p", "EXPLAIN SELECT 1", "INSERT INTO c(rowid) VALUES (9223372036854775807)", "SELECT zeroblob(100000000)",
        "CREATE TABLE a(x)", "CREATE TEMP TABLE q(x)", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 4000) SELECT sum(i) FROM n", "SELECT load_extension('x')", "VACUUM", "COMMIT", "UPDATE sqlite_master SET sql=''",
        "INSERT INTO f(f) VALUES ('nonsense')", "SELECT x'00' MATCH 'a'", "SELECT json('[')", "CREATE INDEX ir ON a(random())", "INSERT INTO k(z) VALUES (NULL)", "INSERT INTO a(id) VALUES ('text')", "DELETE FROM f_data", "REINDEX nothing",
        "SELECT 1 LIMIT 'a'", "INSERT INTO b(x, y) VALUES (1, 987654)", "SELECT '\u00e9' LIKE 'É', upper('é'), length('a\u0000b')", "SELECT like('a', 'b', 'cc')", "SELECT round(1e308 * 10, 2), 0.0 / 0, 9e999", "; ;", "/* nothing */", "SELECT 1; SELECT ?5");

    private string Expression(int depth, string column = "")
    {
        if (depth == 0 || random.Chance(250))
        {
            return random.Next(0, 11) switch
            {
                0 => "random()",
                1 => "randomblob(4)",
                2 => Pick("CURRENT_TIMESTAMP", "datetime('now')", "julianday()", "strftime('%f %J', 'n' || 'ow')", "CURRENT_TIME"),
                3 => "?",
                4 => "NULL",
                5 => Text(),
                6 => Pick("1e308", "-0.0", "9223372036854775807", "x'c328'", "0.1", "1e-320", "-1"),
                7 => Pick("changes()", "total_changes()", "last_insert_rowid()"),
                8 when column.Length == 0 => Column(),
                _ => column.Length == 0 ? Small() : column,
            };
        }

        string one = Expression(depth - 1, column);
        string two = Expression(depth - 1, column);
        return random.Next(0, 15) switch
        {
            0 => $"({one} + {two})",
            1 => $"({one} || {two})",
            2 => $"coalesce({one}, {two})",
            3 => $"CASE WHEN {one} THEN {two} END",
            4 => $"(SELECT {one} FROM {Table()} ORDER BY 1 LIMIT 1)",
            5 => $"abs({one})",
            6 => $"printf('%.3f|%s|%d', {one}, {two}, {one})",
            7 => $"({one} IS NOT {two})",
            8 => $"hex({one})",
            9 => $"json_array({one}, {two})",
            10 => $"CAST({one} AS {Pick("TEXT", "INTEGER", "REAL", "BLOB", "NUMERIC")})",
            11 => $"substr({one}, {Small()}, {Small()})",
            12 => $"({one} {Pick("<", "/", "*", "%", "&", "<<", "LIKE", "GLOB", "IS", "-")} {two})",
            13 => $"(SELECT count(*) FROM {Table()} WHERE {Column()} > {Small()})",
            14 => $"date({one}, '{Pick("+1 day", "start of month", "weekday 3", "unixepoch")}')",
            _ => $"round({one}, 2)",
        };
    }

    private string Aggregate() => Pick("min(x)", "max(z)", "avg(x)", "sum(y)", "count(DISTINCT x)", "json_group_array(z)", "total(z)");

    private string Where() => random.Next(0, 5) switch
    {
        0 => $" WHERE {Column()}={Small()}",
        1 => $" WHERE {Column()} > {Expression(1)}",
        2 => $" WHERE rowid % {random.Next(2, 4)} = 0",
        3 => $" WHERE x IN (SELECT {Column()} FROM {Table()} ORDER BY random() LIMIT 4)",
        _ => string.Empty,
    };

    private string Returning() => random.Chance(250) ? $" RETURNING {Pick("*", "x, random()", "y || z, changes()")}" : string.Empty;

    private string Table() => random.Chance(40) ? Pick("d0", "d1", "d2", "v0") : Pick(Tables);

    private string Column() => Pick("x", "y", "z");

    private string Id() => random.Next(1, 12).ToString(CultureInfo.InvariantCulture);

    private string Small() => random.Next(-2, 14).ToString(CultureInfo.InvariantCulture);

    private string Text() => $"'{Pick(Words)} {Pick(Words)}{(random.Chance(300) ? " " + Pick(Words) : string.Empty)}'";

    private SqlValue Value() => random.Next(0, 13) switch
    {
        0 => SqlValue.FromReal(double.NaN),
        1 => SqlValue.FromReal(double.NegativeInfinity),
        2 => SqlValue.FromReal(-0.0),
        3 => SqlValue.FromText(new byte[] { 0x61, 0xC3, 0x28, 0xFF }),
        4 => SqlValue.FromText("now"),
        5 => SqlValue.FromText("a\0b"),
        6 => SqlValue.FromBlob(SqlDraws.Bytes(random)),
        7 => SqlValue.Zeros(random.Next(0, 50)),
        8 => SqlValue.FromText(Pick(Words)),
        9 => SqlValue.FromInteger(unchecked((long)random.NextUInt64())),
        10 => SqlValue.Null,
        11 => SqlValue.FromReal(BitConverter.UInt64BitsToDouble(random.NextUInt64())),
        _ => SqlValue.FromInteger(random.Next(0, 12)),
    };

    private string Pick(params ReadOnlySpan<string> choices) => choices[random.Next(0, choices.Length - 1)];
}
