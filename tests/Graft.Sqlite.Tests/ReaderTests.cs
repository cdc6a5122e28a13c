using Graft.Tests.Support;

namespace Graft.Sqlite.Tests;

/// <summary>Queries beside everything else: no one waits for ever, and no one sees two states.</summary>
public sealed class ReaderTests
{
    private const string Endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AQueryEndsWhenItsTimeIsUpAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync(static options => options with { Time = new VirtualTime { MovesPerLook = TimeSpan.TicksPerMillisecond } });
        SqlAnswer answer = await database.QueryAsync(new SqlQuery([TestDatabase.Statement(Endless)]) { TimeMax = TimeSpan.FromSeconds(2) });
        Assert.Equal("the query ran for longer than 2 s; narrow it, or allow more", answer.Refusal!.Message);
        Assert.Equal("1", await database.RowsAsync("SELECT 1"));
    }

    [Fact]
    public async Task TooManyRowsOrBytesAreRefusedAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        string endless = Endless.Replace("count(*)", "i", StringComparison.Ordinal);
        SqlAnswer rows = await database.QueryAsync(new SqlQuery([TestDatabase.Statement(endless)]) { RowsMax = 10 });
        Assert.Equal("the query has more than 10 rows; ask for fewer, or allow more", rows.Refusal!.Message);
        SqlAnswer bytes = await database.QueryAsync(new SqlQuery([TestDatabase.Statement(endless)]) { AnswerBytesMax = 1000 });
        Assert.Equal("the answer would be longer than 1000 bytes; ask for less, or allow more", bytes.Refusal!.Message);
        SqlAnswer fits = await database.QueryAsync(new SqlQuery([TestDatabase.Statement("SELECT 1 UNION ALL SELECT 2"), TestDatabase.Statement("SELECT 3")]) { RowsMax = 3 });
        Assert.Equal("1\n2\n3", TestDatabase.Text(fits));
    }

    [Fact]
    public async Task AQueryEndsWhenItsAskerHasGoneAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync(static options => options with { Inline = false });
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task query = StartAsync(database, Endless, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query);
        Assert.Equal("1", await database.RowsAsync("SELECT 1"));
    }

    [Fact]
    public async Task OneMoreThanThereAreReadersWaitsForOneAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync(static options => options with { Inline = false });
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task[] busy = [.. Enumerable.Range(0, 16).Select(_ => StartAsync(database, Endless, gone.Token))];
        Task<SqlAnswer> waiting = StartAsync(database, "SELECT 17", Cancellation);
        Task<SqlAnswer> leaving = StartAsync(database, "SELECT 18", impatient.Token);
        Assert.False(waiting.IsCompleted);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);

        await gone.CancelAsync();
        Assert.Equal("17", TestDatabase.Text(await waiting));
        foreach (Task one in busy)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        }
    }

    [Fact]
    public async Task ARestoreLetsThoseUnderWayEndAndTakesThoseWhoWaitAlongAsync()
    {
        await using TestDatabase other = await TestDatabase.OpenAsync();
        await other.ExecuteAsync("CREATE TABLE t AS SELECT 'new' AS a");
        await using TestDatabase database = await TestDatabase.OpenAsync(static options => options with { Inline = false, ReadersMax = 2 });
        await database.ExecuteAsync("CREATE TABLE t AS SELECT 'old' AS a");
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task[] busy = [StartAsync(database, Endless, gone.Token), StartAsync(database, Endless, gone.Token)];
        Task<SqlAnswer>[] waiting = [.. Enumerable.Range(0, 5).Select(_ => StartAsync(database, "SELECT a FROM t", Cancellation))];

        await database.RestoreAsync(await other.ImageAsync(), 9);
        foreach (Task<SqlAnswer> one in waiting)
        {
            Assert.Equal("'new'", TestDatabase.Text(await one));
        }

        Assert.Equal("'new'", await database.RowsAsync("SELECT a FROM t"));
        Assert.DoesNotContain(busy, static one => one.IsCompleted);
        await gone.CancelAsync();
        foreach (Task one in busy)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        }
    }

    [Fact]
    public async Task DisposingEndsThoseUnderWayAndThoseWhoWaitAsync()
    {
        TestDatabase database = await TestDatabase.OpenAsync(static options => options with { Inline = false, ReadersMax = 1 });
        await database.ExecuteAsync("CREATE TABLE t(a)");
        Task<SqlAnswer> busy = StartAsync(database, Endless, Cancellation);
        Task<SqlAnswer> waiting = StartAsync(database, "SELECT 1", Cancellation);
        await database.DisposeAsync();
        Assert.Equal(Refusals.InTheWay, (await busy).Refusal!.Message);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
    }

    [Fact]
    public async Task AReaderInTheWayOfTheWalIsEndedAndTheWalBeginsAnewAsync()
    {
        const int WalBytes = 64 * 1024;
        await using TestDatabase database = await TestDatabase.OpenAsync(static options => options with { Inline = false, WalBytesMax = WalBytes });
        await database.ExecuteAsync("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
        Task<SqlAnswer> busy = StartAsync(database, Endless + ", t", Cancellation);
        int commits = 0;
        while (!busy.IsCompleted)
        {
            Assert.InRange(++commits, 1, 1_000_000);
            await database.ExecuteAsync("INSERT INTO t VALUES (randomblob(9000))");
            if (commits > 40)
            {
                await Task.Yield();
            }
        }

        Assert.Equal(Refusals.InTheWay, (await busy).Refusal!.Message);
        for (int i = 0; i < 20; i++)
        {
            await database.ExecuteAsync("UPDATE t SET a=randomblob(9000) WHERE rowid=2");
        }

        Assert.InRange(database.Machine.WalBytes, 1, 2 * WalBytes);
    }

    [Fact]
    public async Task AQuerySeesOneStateWhateverIsCommittedBesideItAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync(static options => options with { Inline = false });
        await database.ExecuteAsync("CREATE TABLE t(a); INSERT INTO t VALUES (0)");
        for (int i = 1; i < 30; i++)
        {
            const string Slow = "SELECT a FROM t; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT count(*) FROM n; SELECT a FROM t";
            Task<SqlAnswer> query = StartAsync(database, Slow, Cancellation);
            await database.ExecuteAsync("UPDATE t SET a=a+1");
            string[] lines = TestDatabase.Text(await query).Split('\n');
            Assert.Equal($"{i - 1}", lines[0]);
            Assert.Equal(lines[0], lines[2]);
        }
    }

    private static async Task<SqlAnswer> StartAsync(TestDatabase database, string sql, CancellationToken cancellation) =>
        SqlWire.DecodeAnswer(await database.Machine.QueryAsync(SqlWire.Encode(new SqlQuery([TestDatabase.Statement(sql)])), cancellation));
}
