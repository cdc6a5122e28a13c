using System.CommandLine;
using Graft.Network;
using Microsoft.Extensions.Logging;

namespace Graft.Cli.Tests;

public sealed class StartTests
{
    [Fact]
    public void A_node_that_is_its_own_peer_founds_a_cluster()
    {
        NodeStart start = Read("start", "127.0.0.1:8081", "-c", "127.0.0.1:8081");

        Assert.True(start.Found);
        Assert.Empty(start.Join);
        Assert.Equal("graft-data/127.0.0.1-8081", start.Data.Replace('\\', '/'));
    }

    [Fact]
    public void Any_other_joins_the_cluster_of_its_peers()
    {
        NodeStart start = Read("start", "db2.example:8081", "-c", "db1.example:8080,db2.example:8081,[::1]:7000", "--learner", "--data", "x");

        Assert.False(start.Found);
        Assert.Equal(["db1.example:8080", "[::1]:7000"], start.Join.Select(each => each.ToString()));
        Assert.Equal(MemberKind.Learner, start.JoinAs);
        Assert.Equal("x", start.Data);
    }

    [Fact]
    public void Without_a_word_the_first_node_is_founded_and_the_second_joins_it()
    {
        Assert.True(Read("start").Found);
        Assert.True(Read("start", "127.0.0.1:8080").Found);
        Assert.Equal([NodeAddress.Parse("127.0.0.1:8080")], Read("start", "127.0.0.1:8081").Join);
    }

    [Fact]
    public void It_can_be_said_in_so_many_words()
    {
        Assert.True(Read("start", "127.0.0.1:0", "--bootstrap").Found);
        Assert.Equal(TimeSpan.FromMilliseconds(300), Read("start", "--election-timeout", "300ms").ElectionTimeout);
        Assert.Equal("10.0.0.1:8080", Read("start", "--advertise", "10.0.0.1:8080").Advertised.ToString());
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("127.0.0.1:99999")]
    public async Task Where_it_can_not_listen_is_said_before_anything_is_written(string address)
    {
        TestTerminal graft = await new TestTerminal().ExpectAsync(2, "start", address);

        Assert.Contains(address, graft.Error, StringComparison.Ordinal);
        Assert.Empty(graft.Out);
    }

    [Theory]
    [InlineData("expected trace, debug, info, warn, error, none, found 'loud'", "start", "--log-level", "loud")]
    [InlineData("--election-timeout: expected a time", "start", "--election-timeout", "300")]
    [InlineData("--advertise: expected <host>:<port>", "start", "--advertise", "here")]
    public async Task A_flag_of_start_that_makes_no_sense_is_refused(string expected, params string[] typed)
    {
        Assert.Contains(expected, (await new TestTerminal().ExpectAsync(2, typed)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_of_the_log_has_its_time_and_weight_and_what_was_thrown()
    {
        var now = new DateTimeOffset(2026, 11, 21, 12, 0, 31, 5, TimeSpan.Zero);

        Assert.Equal("2026-11-21T12:00:31.005Z warn  it is slow", LineLogger.Line(now, LogLevel.Warning, "it is slow", null));
        Assert.Equal("2026-11-21T12:00:31.005Z error no. IOException: why", LineLogger.Line(now, LogLevel.Error, "no.", new IOException("why")));
        Assert.Equal("2026-11-21T12:00:31.005Z error no: why", LineLogger.Line(now, LogLevel.Error, "no: why", new IOException("why")));
    }

    [Fact]
    public void What_the_web_server_says_below_a_warning_is_left_out()
    {
        var said = new StringWriter();
        using var loggers = new LineLoggerFactory(said, TimeProvider.System, LogLevel.Debug);

        Assert.False(loggers.CreateLogger("Microsoft.AspNetCore.Hosting").IsEnabled(LogLevel.Information));
        Assert.True(loggers.CreateLogger("Microsoft.AspNetCore.Hosting").IsEnabled(LogLevel.Warning));
        Assert.True(loggers.CreateLogger("Graft").IsEnabled(LogLevel.Debug));
        Assert.False(loggers.CreateLogger("Graft").IsEnabled(LogLevel.Trace));
    }

    private static NodeStart Read(params string[] typed)
    {
        var globals = new Globals();
        Terminal terminal = new TestTerminal().Terminal;
        ParseResult parsed = GraftTree.Build(globals, terminal).Parse(typed);
        Assert.Empty(parsed.Errors);
        return StartVerb.Read(new Invocation(parsed, globals, terminal));
    }
}
