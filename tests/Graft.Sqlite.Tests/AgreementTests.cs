namespace Graft.Sqlite.Tests;

public sealed class AgreementTests
{
    private static Fingerprint Another => new("0123456789abcdef0123456789abcdef", "SQLite 9.9.9");

    [Fact]
    public async Task NothingIsRunBeforeItIsAgreedWhatWithAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync(agrees: false);
        Assert.False(database.Machine.HasAgreed);
        SqlAnswer early = await database.ExecuteAsync("CREATE TABLE t(a)");
        Assert.Contains("hasn't agreed", early.Refusal!.Message, StringComparison.Ordinal);
        Assert.Null((await database.AgreeAsync(database.Machine.Proposal)).Refusal);
        Assert.Null((await database.ExecuteAsync("CREATE TABLE t(a)")).FirstFailure);
    }

    [Fact]
    public async Task TheFirstWordHoldsAndAnotherIsRefusedAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        Assert.Null((await database.AgreeAsync(database.Machine.Proposal)).Refusal);
        SqlAnswer other = await database.AgreeAsync(SqlCommandCodec.Encode(Another));
        Assert.Contains("9.9.9", other.Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains(database.Machine.LibraryVersion, other.Refusal.Message, StringComparison.Ordinal);
        Assert.Null((await database.ExecuteAsync("CREATE TABLE t(a)")).FirstFailure);
    }

    [Fact]
    public async Task ANodeThatComputesOtherwiseAppliesNothingAndGoesOnWithWhatWasAgreedAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync();
        await database.ExecuteAsync("CREATE TABLE t(a)");
        await database.ReopenAsync(static options => options with { ForeignKeys = false });
        SqliteLibraryException stopped = await Assert.ThrowsAsync<SqliteLibraryException>(() => database.ExecuteAsync("INSERT INTO t VALUES (1)"));
        Assert.Contains("foreign keys enforced", stopped.Message, StringComparison.Ordinal);
        Assert.Contains("foreign keys not enforced", stopped.Message, StringComparison.Ordinal);
        await database.ReopenAsync(static options => options with { ForeignKeys = true });
        await database.ExecuteAsync("INSERT INTO t VALUES (1)");
        Assert.Equal("1", await database.RowsAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task AProposalOfOthersStopsWhoComputesOtherwiseWhereItStandsAsync()
    {
        await using TestDatabase database = await TestDatabase.OpenAsync(agrees: false);
        await Assert.ThrowsAsync<SqliteLibraryException>(() => database.AgreeAsync(SqlCommandCodec.Encode(Another)));
        await database.ReopenAsync();
        Assert.False(database.Machine.HasAgreed);
    }

    [Fact]
    public void FingerprintsTellSettingsApartAndAreOtherwiseTheSame()
    {
        SqliteLibrary library = SqliteLibrary.Load(null);
        Assert.Equal(Fingerprint.Of(library, foreignKeys: true), Fingerprint.Of(library, foreignKeys: true));
        Assert.NotEqual(Fingerprint.Of(library, foreignKeys: true).Value, Fingerprint.Of(library, foreignKeys: false).Value);
    }
}
