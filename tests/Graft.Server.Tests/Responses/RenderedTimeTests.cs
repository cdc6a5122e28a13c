using System.Text;

namespace Graft.Server.Tests;

public sealed class RenderedTimeTests
{
    [Theory]
    [InlineData("2024-01-02", "2024-01-02T00:00:00Z")]
    [InlineData("2024-01-02 03:04", "2024-01-02T03:04:00Z")]
    [InlineData("2024-01-02T03:04:05", "2024-01-02T03:04:05Z")]
    [InlineData("2024-01-02 03:04:05Z", "2024-01-02T03:04:05Z")]
    [InlineData("2024-01-02 03:04:05.120", "2024-01-02T03:04:05.12Z")]
    [InlineData("2024-01-02 03:04:05.123456789", "2024-01-02T03:04:05.123456789Z")]
    [InlineData("2024-01-02 03:04:05.000+02:00", "2024-01-02T03:04:05+02:00")]
    [InlineData("2024-01-02T03:04:05-00:00", "2024-01-02T03:04:05Z")]
    public void A_text_in_one_of_SQLites_forms_is_rendered(string text, string rendered) =>
        Assert.Equal(rendered, RenderedTime.Of(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("")]
    [InlineData("tomorrow morning")]
    [InlineData("2024-13-02")]
    [InlineData("2024-01-02 25:00")]
    [InlineData("2024-01-02 03:04:05.")]
    [InlineData("2024-01-02 03:04:05.1234567890")]
    [InlineData("2024-01-02 03:04:05+99:00")]
    public void What_is_no_time_stays_what_it_is(string text) => Assert.Null(RenderedTime.Of(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00Z")]
    [InlineData(1_704_164_645, "2024-01-02T03:04:05Z")]
    [InlineData(1_704_164_645_120, "2024-01-02T03:04:05.12Z")]
    [InlineData(long.MaxValue, null)]
    [InlineData(-1, "1969-12-31T23:59:59Z")]
    public void An_integer_is_seconds_or_milliseconds(long value, string? rendered) => Assert.Equal(rendered, RenderedTime.Of(value));
}
