using System.Text.Json;

namespace Graft.Cli.Tests;

public sealed class ParsingTests
{
    [Fact]
    public async Task A_command_that_there_is_not_ends_in_two_lines_and_names_what_may_be_meant()
    {
        TestTerminal graft = await new TestTerminal().ExpectAsync(2, "statu");

        Assert.Equal(
            """
            error: 'statu' is not a graft command                                  [usage]
              did you mean: status
              try: graft help

            """,
            graft.Error);
        Assert.Empty(graft.Out);
    }

    [Theory]
    [InlineData("'--consistenc' is no flag of graft query", "query", "--consistenc", "stale", "SELECT 1")]
    [InlineData("did you mean: --consistency", "query", "--consistenc", "stale", "SELECT 1")]
    [InlineData("'1' is one argument too many for graft query", "query", "SELECT", "1")]
    [InlineData("quote SQL", "query", "SELECT", "1")]
    [InlineData("'lst' is not a graft member command", "member", "lst")]
    [InlineData("expected SQL as one argument", "query")]
    [InlineData("expected SQL as one argument", "command", "-f", "x.sql", "SELECT 1")]
    [InlineData("the file '/there/is/none.sql' can't be read", "command", "-f", "/there/is/none.sql")]
    [InlineData("-c: expected <host>:<port>, found 'nowhere'", "query", "SELECT 1", "-c", "nowhere")]
    [InlineData("-c: expected <host>:<port>, found '127.0.0.1:0'", "status", "-c", "127.0.0.1:0")]
    [InlineData("--timeout: expected a time such as 500ms, 5s or 1m, found '5'", "status", "--timeout", "5")]
    [InlineData("--output: expected table, json or csv, found 'xml'", "status", "-o", "xml")]
    [InlineData("exclude each other", "query", "--consistency", "stale", "--at-least", "5", "SELECT 1")]
    [InlineData("--consistency: expected linearizable, lease or stale, found 'strong'", "query", "--consistency", "strong", "SELECT 1")]
    [InlineData("--limit: expected a number above zero, found 0", "query", "--limit", "0", "SELECT 1")]
    [InlineData("-p: expected name=value, found 'ada'", "command", "-p", "ada", "SELECT 1")]
    [InlineData("there is no help on 'qury'", "help", "qury")]
    [InlineData("there is no completion for 'csh'", "completion", "csh")]
    [InlineData("required argument missing", "completion")]
    public async Task What_was_typed_wrongly_is_said_on_the_error_output(string expected, params string[] typed)
    {
        TestTerminal graft = await new TestTerminal().ExpectAsync(2, typed);

        Assert.Contains(expected, graft.Error, StringComparison.Ordinal);
        Assert.InRange(graft.Error.Split('\n').Length, 2, 5);
        Assert.Empty(graft.Out);
    }

    [Theory]
    [InlineData("statu", "--json")]
    [InlineData("statu", "-o", "json")]
    [InlineData("query", "--json", "--limit", "many")]
    public async Task An_error_is_one_line_of_json_for_scripts(params string[] typed)
    {
        TestTerminal graft = await new TestTerminal().ExpectAsync(2, typed);

        using JsonDocument error = JsonDocument.Parse(graft.Error);
        Assert.Equal("usage", error.RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(1, graft.Error.Count(each => each == '\n'));
    }

    [Fact]
    public async Task Variables_stand_for_flags()
    {
        var graft = new TestTerminal { Variables = { ["GRAFT_CLUSTER"] = "nowhere" } };
        await graft.ExpectAsync(2, "status");
        Assert.Contains("GRAFT_CLUSTER: expected <host>:<port>", graft.Error, StringComparison.Ordinal);

        graft = new TestTerminal { Variables = { ["GRAFT_TIMEOUT"] = "soon" } };
        await graft.ExpectAsync(2, "status");
        Assert.Contains("GRAFT_TIMEOUT: expected a time", graft.Error, StringComparison.Ordinal);

        graft = new TestTerminal { Variables = { ["GRAFT_OUTPUT"] = "json" } };
        await graft.ExpectAsync(2, "statu");
        Assert.StartsWith("{\"error\"", graft.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_has_the_three_groups_and_names_every_command_once()
    {
        TestTerminal graft = await new TestTerminal().ExpectAsync(0, "help");

        int membership = graft.Out.IndexOf("Cluster membership commands:", StringComparison.Ordinal);
        int machine = graft.Out.IndexOf("State machine commands:", StringComparison.Ordinal);
        int administration = graft.Out.IndexOf("Cluster administration commands:", StringComparison.Ordinal);
        Assert.True(membership > 0 && membership < machine && machine < administration);
        Assert.All(graft.Out.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Equal(graft.Out, (await new TestTerminal().ExpectAsync(0)).Out);
        Assert.Equal(graft.Out, (await new TestTerminal().ExpectAsync(0, "-h")).Out);
        Assert.Equal(graft.Out, (await new TestTerminal().ExpectAsync(0, "--help")).Out);
    }

    [Fact]
    public async Task Every_command_has_help_by_both_ways_and_stands_below_a_heading()
    {
        System.CommandLine.RootCommand root = GraftTree.Build(new Globals(), new TestTerminal().Terminal);
        foreach (System.CommandLine.Command command in root.Subcommands)
        {
            Assert.Contains(Assert.IsType<GraftVerb>(command).Group, VerbGroup.All);
            TestTerminal asked = await new TestTerminal().ExpectAsync(0, "help", command.Name);
            TestTerminal flagged = await new TestTerminal().ExpectAsync(0, command.Name, "-h");

            Assert.Equal(asked.Out, flagged.Out);
            Assert.Contains($"graft {command.Name}", asked.Out, StringComparison.Ordinal);
            Assert.All(asked.Out.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        }
    }

    [Fact]
    public async Task Help_of_a_command_below_another_is_found()
    {
        Assert.Equal(
            (await new TestTerminal().ExpectAsync(0, "help", "member", "list")).Out,
            (await new TestTerminal().ExpectAsync(0, "member", "list", "-h")).Out);
        Assert.Contains("unknown-outcome", (await new TestTerminal().ExpectAsync(0, "help", "exit-codes")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-v")]
    [InlineData("--version")]
    public async Task The_version_is_one_line(string flag)
    {
        TestTerminal graft = await new TestTerminal().ExpectAsync(0, flag);

        Assert.Matches("^graft version [0-9]+\\.[0-9]+\\.[0-9]+\\S*\n$", graft.Out);
    }

    [Theory]
    [InlineData("graft co", "command", "completion", "configuration")]
    [InlineData("graft query --consistency l", "lease", "linearizable")]
    [InlineData("graft completion ", "bash", "fish", "pwsh", "zsh")]
    public async Task What_fits_is_suggested(string line, params string[] expected)
    {
        TestTerminal graft = await new TestTerminal().ExpectAsync(0, $"[suggest:{line.Length}]", line);

        Assert.Superset(expected.ToHashSet(), graft.Out.Split('\n').ToHashSet());
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _graft graft")]
    [InlineData("zsh", "compdef _graft graft")]
    [InlineData("fish", "complete -c graft")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public async Task Each_shell_has_its_script(string shell, string expected)
    {
        Assert.Contains(expected, (await new TestTerminal().ExpectAsync(0, "completion", shell)).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stauts", "status")]
    [InlineData("conf", "configuration")]
    [InlineData("QUERY", "query")]
    public void The_nearest_name_is_suggested(string typed, string expected)
    {
        Assert.Equal([expected], Suggestions.For(typed, ["status", "start", "configuration", "query", "leader"]).Take(1));
    }

    [Fact]
    public void Nothing_is_suggested_for_what_is_like_nothing()
    {
        Assert.Empty(Suggestions.For("frobnicate", ["status", "start", "query"]));
    }

    [Theory]
    [InlineData("NULL", "NULL")]
    [InlineData("7", "7")]
    [InlineData("-7", "-7")]
    [InlineData("7.5", "7.5")]
    [InlineData("1e3", "1000")]
    [InlineData("ada", "'ada'")]
    [InlineData("'7'", "'7'")]
    [InlineData("'it''s'", "'it''s'")]
    [InlineData("x'beef'", "x'beef'")]
    [InlineData("x'bee'", "'x''bee'''")]
    [InlineData("", "''")]
    [InlineData("inf", "'inf'")]
    [InlineData("99999999999999999999", "1E+20")]
    public void A_value_that_reads_as_a_literal_is_one_and_all_else_is_text(string typed, string expected)
    {
        Assert.Equal(expected, SqlInput.ReadValue(typed).ToString());
    }

    [Fact]
    public void A_parameter_keeps_what_stands_behind_its_first_equals_sign()
    {
        Assert.Equal(new Sqlite.SqlParameter("n", Sqlite.SqlValue.FromText("a=b")), SqlInput.ReadParameter(":n=a=b"));
    }

    [Theory]
    [InlineData("--limt", true)]
    [InlineData("-x", true)]
    [InlineData("--timeout=5s", true)]
    [InlineData("-- a comment\nSELECT 1", false)]
    [InlineData("--", false)]
    [InlineData("-1", false)]
    [InlineData("SELECT 1", false)]
    public void A_comment_is_no_flag(string text, bool isFlag)
    {
        Assert.Equal(isFlag, ParseFailure.LooksLikeFlag(text));
    }

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("5s", 5000)]
    [InlineData("1.5m", 90_000)]
    [InlineData("2h", 7_200_000)]
    public void Times_are_read(string text, double milliseconds)
    {
        Assert.True(Durations.TryParse(text, out TimeSpan length));
        Assert.Equal(milliseconds, length.TotalMilliseconds);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1e9d")]
    [InlineData("99999999999d")]
    public void What_is_no_time_is_refused(string text)
    {
        Assert.False(Durations.TryParse(text, out _));
    }
}
