namespace Graft.Sqlite.Tests;

public sealed class SqlValueTests
{
    [Fact]
    public void ValuesAreEqualIfSqliteWouldStoreTheSameBytes()
    {
        Assert.Equal(SqlValue.FromInteger(1), SqlValue.FromInteger(1));
        Assert.NotEqual(SqlValue.FromInteger(1), SqlValue.FromReal(1));
        Assert.NotEqual(SqlValue.FromReal(0.0), SqlValue.FromReal(-0.0));
        Assert.NotEqual(SqlValue.FromText("a"), SqlValue.FromBlob("a"u8.ToArray()));
        Assert.Equal(SqlValue.FromText("a"), SqlValue.FromText("a"u8.ToArray()));
    }

    [Fact]
    public void AValueAskedForWhatItIsNotSaysWhatItIs() =>
        Assert.Contains("Text", Assert.Throws<InvalidOperationException>(() => SqlValue.FromText("1").Integer).Message, StringComparison.Ordinal);
}
