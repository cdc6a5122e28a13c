namespace Graft.Server.Tests;

public sealed class FirstWordTests
{
    [Theory]
    [InlineData("SELECT 1")]
    [InlineData("  select 1")]
    [InlineData("\n-- a comment\n/* another; */ ( SELECT 1)")]
    [InlineData(";;VALUES(1)")]
    [InlineData("with a as (select 1) select * from a")]
    [InlineData("PRAGMA table_info(t)")]
    [InlineData("EXPLAIN SELECT 1")]
    public void What_may_read_is_asked_first(string sql) => Assert.True(FirstWord.MayRead(sql));

    [Theory]
    [InlineData("")]
    [InlineData("-- SELECT")]
    [InlineData("/* SELECT")]
    [InlineData("INSERT INTO t SELECT 1")]
    [InlineData("SELECTED")]
    [InlineData("1")]
    public void What_writes_isnt(string sql) => Assert.False(FirstWord.MayRead(sql));
}
