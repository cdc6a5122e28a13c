using Graft.Tests;

namespace Graft.Sqlite.Tests;

/// <summary>The database under whole nodes: in one thread, on virtual time, with SQLite's files in a directory.</summary>
public sealed class ClusterTests
{
    [Fact]
    public void EveryNodeServesWritesAndReads() => Play(static async (world, at) =>
    {
        await world.StartThreeAsync();
        SqliteDatabase a = at("a");
        SqliteDatabase b = at("b");
        SqliteDatabase c = at("c");
        await WriteAsync(a, "CREATE TABLE t(id INTEGER PRIMARY KEY, at DEFAULT CURRENT_TIMESTAMP, r DEFAULT (random()))");
        SqlWritten written = await WriteAsync(b, "INSERT INTO t(id) VALUES (1), (2) RETURNING id");
        Assert.Equal("1\n2", TestDatabase.Text(written.Answer));
        Assert.Equal("2", await TextAsync(c, "SELECT count(*) FROM t"));
        Assert.Equal("2", await TextAsync(c, "SELECT count(*) FROM t", ReadConsistency.AtLeast(written.Index)));
        string[] all = [await TextAsync(a, "SELECT * FROM t"), await TextAsync(b, "SELECT * FROM t"), await TextAsync(c, "SELECT * FROM t")];
        Assert.Single(all.Distinct(StringComparer.Ordinal));
    });

    [Fact]
    public void ANodeThatWasAwayGetsTheDatabaseAsASnapshotAndAgrees() => Play(
        static async (world, at) =>
        {
            await world.StartThreeAsync();
            SqliteDatabase a = at("a");
            await WriteAsync(a, "CREATE TABLE t(id INTEGER PRIMARY KEY, r DEFAULT (random()))");
            await world.StopAsync("c");
            for (int i = 0; i < 40; i++)
            {
                await WriteAsync(at("a"), "INSERT INTO t DEFAULT VALUES");
            }

            await world.Nodes["a"].Group().TakeSnapshotAsync();
            await world.Nodes["b"].Group().TakeSnapshotAsync();
            await world.StartAsync("c", "a");
            Assert.Equal("40", await TextAsync(at("c"), "SELECT count(*) FROM t"));
            Assert.Equal(await TextAsync(at("a"), "SELECT * FROM t"), await TextAsync(at("c"), "SELECT * FROM t"));

            // What it got is a state like any other: it goes on from there after a restart.
            await WriteAsync(at("c"), "INSERT INTO t DEFAULT VALUES");
            await world.StopAsync("c");
            await world.StartAsync("c", "a");
            Assert.Equal("41", await TextAsync(at("c"), "SELECT count(*) FROM t"));
            Assert.Null(at("c").Group.Halted);
        },
        trailing: 5);

    [Fact]
    public void AWriteInASessionIsRunOnceHoweverOftenItIsSent() => Play(static async (world, at) =>
    {
        await world.StartThreeAsync();
        SqliteDatabase a = at("a");
        SqliteDatabase b = at("b");
        await WriteAsync(a, "CREATE TABLE t(id INTEGER PRIMARY KEY)");
        ulong session = await a.Group.OpenSessionAsync(TimeSpan.FromHours(1));
        var options = new WriteOptions { Session = session, Sequence = 1 };
        SqlWritten first = await WriteAsync(a, "INSERT INTO t DEFAULT VALUES RETURNING id", options);
        SqlWritten again = await WriteAsync(b, "INSERT INTO t DEFAULT VALUES RETURNING id", options);
        Assert.Equal(TestDatabase.Text(first.Answer), TestDatabase.Text(again.Answer));
        Assert.Equal("1", await TextAsync(b, "SELECT count(*) FROM t"));
    });

    private static async Task<SqlWritten> WriteAsync(SqliteDatabase database, string sql, WriteOptions options = default) =>
        await database.ExecuteAsync(TestDatabase.Request(sql), options, CancellationToken.None);

    private static async Task<string> TextAsync(SqliteDatabase database, string sql, ReadConsistency consistency = default) =>
        TestDatabase.Text((await database.QueryAsync(new SqlQuery([new SqlStatement(sql)]), consistency, default, CancellationToken.None)).Answer);

    private static void Play(Func<NodeWorld, Func<string, SqliteDatabase>, Task> story, ulong trailing = 10_000)
    {
        string root = TestDatabase.NewRoot();
        var machines = new Dictionary<string, SqliteStateMachine>(StringComparer.Ordinal);
        try
        {
            NodeWorld.Play(async world =>
            {
                world.TrailingEntries = trailing;
                world.Around = (name, _) => machines[name] = new SqliteStateMachine(
                    new SqliteOptions { Directory = Path.Combine(root, name), Inline = true, Time = world.World.Time });
                await story(world, name => new SqliteDatabase(world.Nodes[name].Group(), machines[name]));
            });
        }
        finally
        {
            if (Directory.Exists(root))
            {
                Directory.Delete(root, recursive: true);
            }
        }
    }
}
