using System.Globalization;
using Graft.Storage;

namespace Graft.Sqlite.Tests;

/// <summary>A disk that fails once, at any call: what a client is told is what a sound disk would have let it be told, or nothing.</summary>
public sealed class FaultTests
{
    private const string Many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) ";

    private static readonly string[][] Batches =
    [
        ["CREATE TABLE t(a, b); CREATE INDEX ta ON t(a); CREATE VIRTUAL TABLE f USING fts5(x); CREATE TABLE u(x UNIQUE)", $"{Many} INSERT INTO t SELECT random(), hex(randomblob(40)) FROM n"],
        ["INSERT INTO f SELECT b FROM t LIMIT 50", "INSERT INTO u VALUES (1); INSERT INTO u VALUES (1); INSERT INTO u VALUES (2)", "ANALYZE"],
        ["SELECT b FROM t ORDER BY b LIMIT 3", "SELECT count(*) FROM f WHERE f MATCH 'a*'", "UPDATE OR FAIL u SET x=x+1"],
        ["VACUUM"],
        ["DELETE FROM t WHERE a < 0", "INSERT INTO f(f) VALUES ('integrity-check')", "INSERT INTO missing VALUES (1)", "SELECT count(*), min(b) FROM t"],
    ];

    [Theory]
    [InlineData(ResultCode.InputOutput)]
    [InlineData(ResultCode.Full)]
    [InlineData(ResultCode.CannotOpen)]
    [InlineData(ResultCode.NoMemory)]
    public async Task ACallThatFailsGivesNoResultAndLosesNoCommitAsync(int code)
    {
        (List<string> sound, List<UInt128> digests, int calls) = await SoundAsync();
        for (int fails = 0; fails < calls; fails += 1 + (fails / 20))
        {
            await FailAsync(fails, code, sound, digests);
        }
    }

    [Fact]
    public async Task AFailedFlushIsNotRepeatedAndTheStateIsGivenUpAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a)");
        int flushes = 0;
        database.Machine.WriterFiles.Interfere = (call, _) => call == VfsCall.Flush && flushes++ == 0 ? ResultCode.InputOutputFlush : 0;
        await Assert.ThrowsAsync<SqliteException>(async () => await database.Machine.CheckpointAsync());
        Assert.Equal(0UL, database.Machine.Durable.Value);
        await Assert.ThrowsAsync<SqliteException>(async () => await database.Machine.CheckpointAsync());
        await Assert.ThrowsAsync<SqliteException>(async () => await database.ExecuteAsync("INSERT INTO t VALUES (1)"));
        await Assert.ThrowsAsync<SqliteException>(async () => await database.CommitAsync());
        Assert.Equal(1, flushes);
        Assert.Single(Directory.GetFiles(database.Directory, "*.failed"));

        await database.ReopenAsync();
        Assert.Empty(database.OpenedWith);
        Assert.Contains("no such table", (await database.QueryAsync("SELECT * FROM t")).FirstFailure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFullTextIndexThatCannotBeReadIsNoErrorOfItsOwnAsync()
    {
        int failed = 0;
        for (int fails = 0; fails < 12; fails++)
        {
            await using TestDatabase database = await TestDatabase.OpenAsync();
            await database.ExecuteAsync($"CREATE VIRTUAL TABLE f USING fts4(x); {Many} INSERT INTO f SELECT hex(randomblob(30)) FROM n");
            await database.ReopenAsync();
            int reads = 0;
            database.Machine.WriterFiles.Interfere = (call, _) => call == VfsCall.Read && reads++ == fails ? ResultCode.InputOutput : 0;
            try
            {
                Assert.Equal("400", TestDatabase.Text(await database.ExecuteAsync("SELECT count(*) FROM f WHERE f MATCH '0* OR 1* OR 2* OR 3* OR 4* OR 5* OR 6* OR 7* OR 8* OR 9* OR A* OR B* OR C* OR D* OR E* OR F*'")));
            }
            catch (SqliteException)
            {
                failed++;
            }
        }

        Assert.InRange(failed, 1, 12);
    }

    /// <summary>Every code is either told to the client on all nodes, or stops this one.</summary>
    [Theory]
    [InlineData(ResultCode.Error, true)]
    [InlineData(ResultCode.ConstraintForeignKey, true)]
    [InlineData(ResultCode.Mismatch, true)]
    [InlineData(ResultCode.TooBig, true)]
    [InlineData(ResultCode.Range, true)]
    [InlineData(ResultCode.Authorization, true)]
    [InlineData(ResultCode.Abort, true)]
    [InlineData(ResultCode.Locked, true)]
    [InlineData(ResultCode.CorruptVirtualTable, true)]
    [InlineData(ResultCode.Full, true)]
    [InlineData(ResultCode.InputOutput, false)]
    [InlineData(ResultCode.InputOutputFlush, false)]
    [InlineData(ResultCode.NoMemory, false)]
    [InlineData(ResultCode.CannotOpen, false)]
    [InlineData(ResultCode.Corrupt, false)]
    [InlineData(ResultCode.NotADatabase, false)]
    [InlineData(ResultCode.Protocol, false)]
    [InlineData(ResultCode.Busy, false)]
    [InlineData(ResultCode.ReadOnly, false)]
    [InlineData(ResultCode.Internal, false)]
    [InlineData(ResultCode.Schema, false)]
    [InlineData(ResultCode.Interrupt, false)]
    [InlineData(ResultCode.Misuse, false)]
    [InlineData(77, false)]
    public void EachCodeIsAResultOrStopsTheNode(int code, bool isResult)
    {
        Assert.Equal(isResult, ErrorClass.IsResult(code, fileFailed: false));
        Assert.False(ErrorClass.IsResult(code, fileFailed: true));
    }

    private static async Task<(List<string> Answers, List<UInt128> Digests, int Calls)> SoundAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        var digests = new List<UInt128> { await database.DigestAsync() };
        var answers = new List<string>();
        int calls = 0;
        await RunAsync(database, _ => { calls++; return 0; }, answers, async () => digests.Add(await database.DigestAsync()));
        return (answers, digests, calls);
    }

    private static async Task FailAsync(int fails, int code, List<string> sound, List<UInt128> digests)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        var answers = new List<string>();
        int calls = 0;
        int committed = 0;
        int flushesBehind = 0;
        bool flushFailed = false;
        int Interfere(VfsCall call)
        {
            flushesBehind += flushFailed && call == VfsCall.Flush ? 1 : 0;
            if (calls++ != fails)
            {
                return 0;
            }

            flushFailed = call == VfsCall.Flush;
            return code;
        }

        try
        {
            await RunAsync(database, Interfere, answers, () => { committed++; return Task.CompletedTask; });
            Assert.Fail($"Call {fails} failed with {code}, and nobody has noticed.");
        }
        catch (Exception failure) when (failure is SqliteException or DiskException)
        {
            Assert.Equal(sound[..answers.Count], answers);
        }

        Assert.Equal(0, flushesBehind);
        await database.ReopenAsync();
        if (flushFailed && database.OpenedWith.Count == 0)
        {
            return;
        }

        // What was under way in a commit may have come about or not; nobody was told.
        int found = database.OpenedWith.Count == 0 ? 0 : int.Parse(database.OpenedWith[0].Value!.Value.Span, CultureInfo.InvariantCulture);
        Assert.InRange(found, committed, committed + 1);
        Assert.Equal(digests[found], await database.DigestAsync());
        Assert.Equal("ok", (await database.RowsAsync("PRAGMA integrity_check")).Trim('\''));
    }

    // An answer counts once its batch is committed: no sooner does the node pass it on.
    private static async Task RunAsync(TestDatabase database, Func<VfsCall, int> interfere, List<string> answers, Func<Task> committed)
    {
        for (int batch = 0; batch < Batches.Length; batch++)
        {
            database.Machine.WriterFiles.Interfere = (call, _) => interfere(call);
            SqlAnswer[] given = await database.ApplyAsync([.. Batches[batch].Select(static sql => TestDatabase.Request(sql))]);
            byte[] number = System.Text.Encoding.ASCII.GetBytes((batch + 1).ToString(CultureInfo.InvariantCulture));
            await database.CommitAsync(new StateRow("batch"u8.ToArray(), number));
            answers.AddRange(given.Select(TestDatabase.Text));
            await committed();
            if (batch % 2 == 1)
            {
                await database.Machine.CheckpointAsync();
                await database.ReopenAsync();
            }
        }
    }
}
