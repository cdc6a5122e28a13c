using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace Graft.Server.Tests;

/// <summary>The dialect over the real database: what rqlite does, and what it does wrong and this doesn't.</summary>
public sealed class SqliteServerTests : IAsyncLifetime
{
    private SqliteServer _server = null!;

    private HttpCaller Client => _server.Client;

    public async ValueTask InitializeAsync() => _server = await SqliteServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Tables_are_made_filled_and_read()
    {
        Assert.Equal("""200 {"results":[{}]}""", await Client.PostAsync("/db/execute", """["CREATE TABLE foo (id INTEGER NOT NULL PRIMARY KEY, name TEXT, age INTEGER)"]"""));
        Assert.Equal(
            """200 {"results":[{"last_insert_id":1,"rows_affected":1},{"last_insert_id":2,"rows_affected":1}]}""",
            await Client.PostAsync("/db/execute", """[["INSERT INTO foo(name, age) VALUES(?, ?)","fiona",20],["INSERT INTO foo(name, age) VALUES(:name, $age)",{"name":"sinead","age":25}]]"""));
        Assert.Equal(
            """200 {"results":[{"columns":["id","name","age"],"types":["integer","text","integer"],"values":[[1,"fiona",20],[2,"sinead",25]]}]}""",
            await Client.GetAsync("/db/query?q=SELECT%20*%20FROM%20foo"));
        Assert.Equal(
            """200 {"results":[{"types":{"age":"integer","id":"integer"},"rows":[{"age":20,"id":1}]}]}""",
            await Client.PostAsync("/db/query?associative", """[["SELECT id, age FROM foo WHERE name=?","fiona"]]"""));
        Assert.Equal(
            """200 {"results":[{"columns":["id"],"types":["integer"],"values":[[3]]}]}""",
            await Client.PostAsync("/db/execute", """["INSERT INTO foo(name) VALUES('x') RETURNING id"]"""));
        Assert.Equal("""200 {"results":[{"columns":["foo.id"],"types":["integer"]}]}""", await Client.GetAsync("/db/query?qualify_columns&q=SELECT+id+FROM+foo+f+WHERE+id>9"));
    }

    [Fact]
    public async Task Errors_are_SQLites_and_a_query_writes_nothing()
    {
        Assert.Equal("""200 {"results":[{"error":"near \"nonsense\": syntax error"}]}""", await Client.PostAsync("/db/execute", """["nonsense"]"""));
        Assert.Equal("""200 {"results":[{"error":"no such table: bar"}]}""", await Client.GetAsync("/db/query?q=SELECT+*+FROM+bar"));
        Assert.Equal(
            """200 {"results":[{"error":"attempt to change database via query operation"}]}""",
            await Client.PostAsync("/db/query", """["CREATE TABLE foo(a)"]"""));
        Assert.Equal("""200 {"results":[]}""", await Client.PostAsync("/db/execute", """[""]"""));
        Assert.Equal("""200 {"results":[{}]}""", await Client.PostAsync("/db/execute", """["-- nothing"]"""));
    }

    [Fact]
    public async Task A_transaction_of_reads_and_writes_is_undone_if_one_doesnt_even_compile()
    {
        await Client.PostAsync("/db/execute", """["CREATE TABLE t(a)"]""");

        string answer = await Client.PostAsync("/db/request?transaction", """["INSERT INTO t VALUES(1)","SELECT * FROM missing","INSERT INTO t VALUES(2)"]""");

        Assert.Equal("""200 {"results":[{"last_insert_id":1,"rows_affected":1},{"error":"no such table: missing"}]}""", answer);
        Assert.EndsWith("""[[0]]}]}""", await Client.GetAsync("/db/query?q=SELECT+count(*)+FROM+t"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_statement_of_a_text_is_run_and_the_text_has_one_result()
    {
        await Client.PostAsync("/db/execute", """["CREATE TABLE t(a)"]""");

        Assert.Equal(
            """200 {"results":[{"last_insert_id":2,"rows_affected":1},{"last_insert_id":3,"rows_affected":1}]}""",
            await Client.PostAsync("/db/execute", """["INSERT INTO t VALUES(random()); INSERT INTO t VALUES(2)","INSERT INTO t VALUES(3)"]"""));
        Assert.EndsWith("""[[3]]}]}""", await Client.GetAsync("/db/query?q=SELECT+count(*)+FROM+t"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_come_back_as_they_went_in()
    {
        await Client.PostAsync("/db/execute", """["CREATE TABLE t(a)"]""");
        const string Row = """9007199254740993,{"$real":"1.0"},{"$real":"-Infinity"},{"$blob":"AP8="},{"$text":"/wA="},"x'00'",null""";
        await Client.PostAsync("/db/execute?typing=lossless", $"[[\"INSERT INTO t VALUES (?),(?),(?),(?),(?),(?),(?)\",{Row}]]");

        Assert.Equal(
            """200 {"results":[{"columns":["a"],"types":["integer"],"values":[[{"$integer":"9007199254740993"}],[{"$real":"1.0"}],[{"$real":"-Infinity"}],[{"$blob":"AP8="}],[{"$text":"/wA="}],["x'00'"],[null]]}]}""",
            await Client.GetAsync("/db/query?typing=lossless&q=SELECT+a+FROM+t"));
        Assert.Equal(
            """200 {"results":[{"columns":["a"],"types":["integer"],"values":[[9007199254740993],[1],["-Infinity"],["AP8="],["\ufffd\u0000"],["x'00'"],[null]]}]}""",
            await Client.GetAsync("/db/query?q=SELECT+a+FROM+t"));
    }

    [Fact]
    public async Task A_dump_is_loaded_and_undone_whole_if_it_fails()
    {
        const string Dump = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(a);\nINSERT INTO t VALUES(1);\nINSERT INTO t VALUES(2);\nCOMMIT;\n";
        string loaded = await Client.AskAsync(HttpMethod.Post, "/db/load", Dump, "text/plain");
        string failed = await Client.AskAsync(HttpMethod.Post, "/db/load", "CREATE TABLE u(a); INSERT INTO missing VALUES(1);", "text/plain");

        Assert.DoesNotContain("error", loaded, StringComparison.Ordinal);
        Assert.Equal("""200 {"results":[{"error":"no such table: missing"}]}""", failed);
        Assert.EndsWith("""[["t"]]}]}""", await Client.GetAsync("/db/query?q=SELECT+name+FROM+sqlite_master+WHERE+type='table'+AND+name+NOT+LIKE+'\\_graft%25'+ESCAPE+'\\'"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/db/backup", "/db/load")]
    [InlineData("/db/backup?vacuum&fmt=delete", "/boot")]
    [InlineData("/db/backup?compress&noleader", "/db/load?timings")]
    public async Task A_backup_of_one_cluster_is_loaded_into_another(string backup, string load)
    {
        await Client.PostAsync("/db/execute", """["CREATE TABLE t(a PRIMARY KEY, b)","CREATE INDEX i ON t(b)","INSERT INTO t VALUES('x', randomblob(100000))"]""");
        using HttpResponseMessage taken = await Client.SendAsync(HttpMethod.Get, backup);
        byte[] file = await taken.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        if (backup.Contains("compress", StringComparison.Ordinal))
        {
            using var unpacked = new MemoryStream();
            await using var packed = new GZipStream(new MemoryStream(file), CompressionMode.Decompress);
            await packed.CopyToAsync(unpacked, TestContext.Current.CancellationToken);
            file = unpacked.ToArray();
        }

        await using SqliteServer other = await SqliteServer.StartAsync();
        await other.Client.PostAsync("/db/execute", """["CREATE TABLE u(a)"]""");
        string loaded = await other.Client.SendBytesAsync(load, file);

        Assert.StartsWith("""200 {"results":[]""", loaded, StringComparison.Ordinal);
        Assert.DoesNotContain("error", loaded, StringComparison.Ordinal);
        const string Contents = "/db/query?level=strong&q=SELECT+*+FROM+t+UNION+ALL+SELECT+name,sql+FROM+sqlite_master+WHERE+name+NOT+LIKE+'$_graft%25'+ESCAPE+'$'";
        Assert.Equal(await Client.GetAsync(Contents), await other.Client.GetAsync(Contents));
    }

    [Fact]
    public async Task A_file_that_is_no_database_changes_nothing()
    {
        await Client.PostAsync("/db/execute", """["CREATE TABLE t(a)"]""");
        byte[] broken = new byte[100_000];
        "SQLite format 3\0"u8.CopyTo(broken);

        Assert.StartsWith("""200 {"results":[],"error":""", await Client.SendBytesAsync("/db/load", broken), StringComparison.Ordinal);
        Assert.Equal("400 invalid SQLite data", await Client.SendBytesAsync("/boot", new byte[10]));
        Assert.EndsWith("""[[0]]}]}""", await Client.GetAsync("/db/query?q=SELECT+count(*)+FROM+t"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queued_writes_are_written_once_and_their_errors_kept()
    {
        await Client.PostAsync("/db/execute", """["CREATE TABLE t(a UNIQUE)"]""");
        for (int i = 0; i < 20; i++)
        {
            await Client.PostAsync("/db/execute?queue", string.Create(CultureInfo.InvariantCulture, $"[\"INSERT INTO t VALUES({i % 19})\"]"));
        }

        await Client.PostAsync("/db/execute?queue&wait", "[]");

        Assert.EndsWith("""[[19]]}]}""", await Client.GetAsync("/db/query?q=SELECT+count(*)+FROM+t"), StringComparison.Ordinal);
        Assert.Contains("UNIQUE constraint failed: t.a", await Client.GetAsync("/api/v1/queue"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_written_is_there_after_a_restart()
    {
        string directory = Directory.CreateTempSubdirectory("graft-server-").FullName;
        try
        {
            await using (SqliteServer first = await SqliteServer.StartAsync(directory: directory))
            {
                await first.Client.PostAsync("/db/execute", """["CREATE TABLE t(a, at DEFAULT CURRENT_TIMESTAMP)","INSERT INTO t(a) VALUES(random())"]""");
            }

            await using SqliteServer second = await SqliteServer.StartAsync(directory: directory);
            Assert.EndsWith("""[[1]]}]}""", await second.Client.GetAsync("/db/query?q=SELECT+count(*)+FROM+t"), StringComparison.Ordinal);
            Assert.Equal("200 [+]node ok\n[+]leader ok\n[+]store ok\n[+]db ok", await second.Client.GetAsync("/readyz"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task What_a_crash_left_of_an_upload_goes_at_the_next_start()
    {
        string directory = Directory.CreateTempSubdirectory("graft-server-").FullName;
        string left = Path.Combine(directory, "uploads", "left");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(left)!);
            await File.WriteAllTextAsync(left, "half of it", TestContext.Current.CancellationToken);

            await using SqliteServer server = await SqliteServer.StartAsync(directory: directory);

            Assert.False(File.Exists(left));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Three_nodes_hold_the_same_rows_whatever_the_statement()
    {
        await using SqliteServer b = await SqliteServer.StartAsync(join: _server);
        await using SqliteServer c = await SqliteServer.StartAsync(join: _server);
        SqliteServer[] all = [_server, b, c];
        await b.Client.PostAsync("/db/execute", """["CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT (random()), c DEFAULT (datetime('now')))"]""");
        string index = "";
        foreach (SqliteServer server in all)
        {
            using HttpResponseMessage written = await server.Client.SendAsync(
                HttpMethod.Post, "/db/execute", """["INSERT INTO t(b) SELECT random() FROM (VALUES(1),(2),(3)) ORDER BY random()","INSERT INTO t DEFAULT VALUES"]""");
            index = HttpCaller.Header(written, "X-Graft-Index")!;
        }

        List<string> contents = [];
        foreach (SqliteServer server in all)
        {
            contents.Add(await server.Client.GetAsync($"/db/query?q=SELECT+*+FROM+t&min_index={index}"));
        }

        Assert.Equal(contents[0], contents[1]);
        Assert.Equal(contents[0], contents[2]);
        Assert.Equal(12, JsonDocument.Parse(contents[0][4..]).RootElement.GetProperty("results")[0].GetProperty("values").EnumerateArray().Select(static row => row[1].GetRawText()).Distinct().Count());
    }

    [Fact]
    public async Task Writes_through_a_follower_with_too_little_time_are_there_once_or_can_be_asked_for()
    {
        await using SqliteServer b = await SqliteServer.StartAsync(join: _server);
        SqliteServer follower = _server.Server.Node.Group().IsLeader ? b : _server;
        await follower.Client.PostAsync("/db/execute", """["CREATE TABLE t(a)"]""");
        Dictionary<int, string> outcomes = [];
        for (int i = 0; i < 60; i++)
        {
            using HttpResponseMessage response = await follower.Client.SendAsync(
                HttpMethod.Post,
                string.Create(CultureInfo.InvariantCulture, $"/db/execute?timeout={1 + (i % 5)}ms&retries=3"),
                string.Create(CultureInfo.InvariantCulture, $"[\"INSERT INTO t VALUES({i})\"]"));
            string outcome = HttpCaller.Header(response, "X-Graft-Outcome") ?? "applied";
            if (outcome == "unknown")
            {
                string resolved = await follower.Client.GetAsync($"/api/v1/outcome?{HttpCaller.Header(response, "X-Graft-Write")}");
                outcome = JsonDocument.Parse(resolved[4..]).RootElement.GetProperty("outcome").GetString()!;
            }

            outcomes[i] = outcome;
        }

        string read = await follower.Client.GetAsync("/db/query?level=linearizable&q=SELECT+a,count(*)+FROM+t+GROUP+BY+a");
        Dictionary<int, int> counts = [];
        if (JsonDocument.Parse(read[4..]).RootElement.GetProperty("results")[0].TryGetProperty("values", out JsonElement rows))
        {
            counts = rows.EnumerateArray().ToDictionary(static row => row[0].GetInt32(), static row => row[1].GetInt32());
        }

        foreach ((int value, string outcome) in outcomes)
        {
            Assert.Equal((value, outcome == "applied" ? 1 : 0), (value, counts.GetValueOrDefault(value)));
            Assert.True(outcome is "applied" or "rejected", $"{value}: {outcome}");
        }
    }
}
