namespace Graft.Server.Tests;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("+0", 0)]
    [InlineData("10s", 10_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData(".5s", 500)]
    [InlineData("5.s", 5_000)]
    [InlineData("250ms", 250)]
    [InlineData("1h15m30.918s", 4_530_918)]
    [InlineData("-2m", -120_000)]
    [InlineData("3000us", 3)]
    [InlineData("3000µs", 3)]
    [InlineData("3000μs", 3)]
    [InlineData("2000000ns", 2)]
    public void What_Go_reads_is_read(string text, double milliseconds)
    {
        Assert.True(GoDuration.TryParse(text, out TimeSpan duration));

        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData(".s")]
    [InlineData("1.2.3s")]
    [InlineData("1 s")]
    [InlineData("1d")]
    [InlineData("--1s")]
    [InlineData("1s2")]
    [InlineData("3000000h")]
    [InlineData("99999999999999999999h")]
    [InlineData("99999999999999999999999999h")]
    public void What_Go_refuses_is_refused(string text) => Assert.False(GoDuration.TryParse(text, out _));
}
