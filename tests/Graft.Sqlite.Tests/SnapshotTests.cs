using System.Security.Cryptography;

namespace Graft.Sqlite.Tests;

public sealed class SnapshotTests
{
    [Fact]
    public async Task AnImageIsTheStateOfItsMomentAndRestoresIntoTheSameAsync()
    {
        await using TestDatabase first = await TestDatabase.OpenAsync();
        await using TestDatabase second = await TestDatabase.OpenAsync();
        await first.ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, r DEFAULT (random())); INSERT INTO t DEFAULT VALUES");
        using IStateImage image = await first.Machine.CaptureAsync();
        UInt128 then = await first.DigestAsync();
        await first.ExecuteAsync("INSERT INTO t DEFAULT VALUES");
        using var bytes = new MemoryStream();
        await image.WriteAsync(bytes, TestContext.Current.CancellationToken);
        await second.ExecuteAsync("CREATE TABLE other(a)");
        await second.RestoreAsync(bytes.ToArray(), 1, new StateRow("k"u8.ToArray(), "v"u8.ToArray()));
        Assert.Equal(then, await second.DigestAsync());
        Assert.Equal(1UL, second.Machine.Durable.Value);
        await second.ExecuteAsync("INSERT INTO t DEFAULT VALUES");
        Assert.Equal(await first.DigestAsync(), await second.DigestAsync());
        await second.ReopenAsync();
        Assert.Equal("v"u8, Assert.Single(second.OpenedWith).Value!.Value.Span);
        Assert.Equal(await first.DigestAsync(), await second.DigestAsync());
    }

    [Fact]
    public async Task AQueryUnderWayGoesOnWithTheStateThatItBeganWithAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
        byte[] image = await database.ImageAsync();
        using IStateImage before = await database.Machine.CaptureAsync();
        await database.ExecuteAsync("INSERT INTO t VALUES (2)");
        await database.RestoreAsync(image, 1);
        Assert.Equal("1", await database.RowsAsync("SELECT count(*) FROM t"));
        using var bytes = new MemoryStream();
        await before.WriteAsync(bytes, TestContext.Current.CancellationToken);
        Assert.NotEqual(0, bytes.Length);
        Assert.Equal(["state-0000000000000002.db"], Directory.GetFiles(database.Directory, "*.db").Select(Path.GetFileName));
    }

    [Fact]
    public async Task WhatIsntADatabaseIsNotRestoredAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a)");
        byte[] image = await database.ImageAsync();
        RandomNumberGenerator.Fill(image.AsSpan(image.Length / 2, 2000));
        await Assert.ThrowsAsync<SqliteException>(() => database.RestoreAsync(image, 1));
        await database.ReopenAsync();
        Assert.Equal("0", await database.RowsAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task ABackupHasNothingOfOursAndLoadsElsewhereAsync()
    {
        await using TestDatabase first = await TestDatabase.OpenAsync();
        SqlAnswer made = await first.ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, b); CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES ('hello world')");
        Assert.Equal(["changed 0 last 0", "changed 1 last 10", "changed 1 last 1"], made.Results.Select(TestDatabase.Text));
        await first.ExecuteAsync("INSERT INTO t(b) WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2000) SELECT randomblob(600) FROM c");
        using var backup = new MemoryStream();
        await first.Machine.BackupAsync(backup, vacuum: true, TestContext.Current.CancellationToken);
        await using TestDatabase second = await TestDatabase.OpenAsync();
        await second.ExecuteAsync("CREATE TABLE gone(a)");
        await second.CommitAsync(new StateRow("k"u8.ToArray(), "v"u8.ToArray()));
        Assert.Null((await LoadAsync(second, backup.ToArray())).Refusal);
        Assert.Equal(await first.DigestAsync(), await second.DigestAsync());
        Assert.Equal("1", await second.RowsAsync("SELECT count(*) FROM f WHERE f MATCH 'hello'"));

        // The node's own rows and the agreement are still there, and the next start finds them.
        await second.ReopenAsync();
        Assert.Equal("v"u8, Assert.Single(second.OpenedWith).Value!.Value.Span);
        Assert.True(second.Machine.HasAgreed);
        Assert.Null((await second.ExecuteAsync("INSERT INTO t(b) VALUES (1)")).FirstFailure);
    }

    [Fact]
    public async Task WhatCantBeLoadedChangesNothingAndSaysWhyAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
        Assert.Contains("isn't a database", (await LoadAsync(database, "CREATE TABLE x(a);"u8.ToArray())).Refusal!.Message, StringComparison.Ordinal);
        byte[] image = await database.ImageAsync();
        Assert.Contains("_graft_", (await LoadAsync(database, image)).Refusal!.Message, StringComparison.Ordinal);
        using var backup = new MemoryStream();
        await database.Machine.BackupAsync(backup, cancellation: TestContext.Current.CancellationToken);
        byte[] damaged = backup.ToArray();
        damaged.AsSpan(4096).Fill(0xAB);
        Assert.Contains("damaged", (await LoadAsync(database, damaged)).Refusal!.Message, StringComparison.Ordinal);
        byte[] hash = SHA256.HashData(damaged);
        ReadOnlyMemory<byte>[] answers = await database.ApplyCommandsAsync(
            Upload.EncodeBegin(new Upload(hash, 10, 5)), Upload.EncodePiece(hash, 5, new byte[5]), Upload.EncodeEnd(hash));
        await database.CommitAsync();
        Assert.Contains("a piece is missing at byte 0", SqlWire.DecodeAnswer(answers[2]).Refusal!.Message, StringComparison.Ordinal);
        answers = await database.ApplyCommandsAsync(
            Upload.EncodeBegin(new Upload(hash, 10, 2)), Upload.EncodePiece(SHA256.HashData(hash), 0, new byte[5]), Upload.EncodePiece(hash, 0, new byte[5]), Upload.EncodePiece(hash, 5, new byte[5]));
        await database.CommitAsync();
        Assert.Contains("no load of this name", SqlWire.DecodeAnswer(answers[1]).Refusal!.Message, StringComparison.Ordinal);
        Assert.Null(SqlWire.DecodeAnswer(answers[2]).Refusal);

        // The third entry behind the beginning is more than two seconds later.
        Assert.Contains("no load of this name", SqlWire.DecodeAnswer(answers[3]).Refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("1", await database.RowsAsync("SELECT a FROM t"));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(18)]
    [InlineData(19)]
    [InlineData(21)]
    [InlineData(47)]
    [InlineData(59)]
    [InlineData(100)]
    [InlineData(105)]
    public async Task AFileWithAnyHeadIsTakenOrRefusedAndStopsNobodyAsync(int at)
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
        using var backup = new MemoryStream();
        await database.Machine.BackupAsync(backup, cancellation: TestContext.Current.CancellationToken);
        foreach (byte value in new byte[] { 0, 1, 2, 3, 7, 255 })
        {
            byte[] changed = backup.ToArray();
            changed[at] = value;
            await LoadAsync(database, changed);
            Assert.Null((await database.ExecuteAsync("CREATE TABLE IF NOT EXISTS other(a)")).FirstFailure);
        }
    }

    private static async Task<SqlAnswer> LoadAsync(TestDatabase database, byte[] bytes)
    {
        byte[] hash = SHA256.HashData(bytes);
        await ExecuteAloneAsync(database, Upload.EncodeBegin(new Upload(hash, bytes.Length, 1000)));
        for (int offset = 0; offset < bytes.Length; offset += Upload.PieceBytes)
        {
            await ExecuteAloneAsync(database, Upload.EncodePiece(hash, offset, bytes.AsSpan(offset, Math.Min(Upload.PieceBytes, bytes.Length - offset))));
        }

        return await ExecuteAloneAsync(database, Upload.EncodeEnd(hash));
    }

    private static async Task<SqlAnswer> ExecuteAloneAsync(TestDatabase database, byte[] command)
    {
        Assert.True(database.Machine.StandsAlone(command));
        ReadOnlyMemory<byte>[] answers = await database.ApplyCommandsAsync(command);
        await database.CommitAsync();
        return SqlWire.DecodeAnswer(answers[0]);
    }
}
