using Graft.Sqlite;

namespace Graft.Cli.Tests;

public sealed class ShellTests
{
    [Theory]
    [InlineData("SELECT 1; SELECT 2;", "SELECT 1;")]
    [InlineData("SELECT ';', \"a;b\", `;`, [;], 'it''s;'; x", "SELECT ';', \"a;b\", `;`, [;], 'it''s;';")]
    [InlineData("-- a;\nSELECT /* b; */ 1; x", "-- a;\nSELECT /* b; */ 1;")]
    [InlineData("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END; x", "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END;")]
    [InlineData("create temp trigger t begin select case when 1 then 2 end; end; x", "create temp trigger t begin select case when 1 then 2 end; end;")]
    [InlineData("EXPLAIN CREATE TRIGGER t BEGIN SELECT 1; END; x", "EXPLAIN CREATE TRIGGER t BEGIN SELECT 1; END;")]
    [InlineData("CREATE TABLE trigger(x); x", "CREATE TABLE trigger(x);")]
    public void A_statement_ends_where_SQLite_ends_it(string text, string expected)
    {
        Assert.True(SqlScript.TryTake(text, out string statement, out string rest));
        Assert.Equal(expected, statement);
        Assert.Equal(text, statement + rest);
    }

    [Theory]
    [InlineData("SELECT 1")]
    [InlineData("SELECT 'a;")]
    [InlineData("SELECT 1 -- ;")]
    [InlineData("SELECT 1 /* ;")]
    [InlineData("CREATE TRIGGER t BEGIN SELECT 1;")]
    [InlineData("CREATE TRIGGER t BEGIN SELECT 1; END")]
    [InlineData("")]
    public void Before_its_end_it_waits_for_more(string text)
    {
        Assert.False(SqlScript.TryTake(text, out _, out string rest));
        Assert.Equal(text, rest);
    }

    [Theory]
    [InlineData(" -- x\n /* y */ ; select 1", "SELECT")]
    [InlineData("with a as (select 1) delete from b", "WITH")]
    [InlineData(" ; -- nothing", "")]
    public void The_first_word_is_behind_comments_and_blanks(string text, string expected)
    {
        Assert.Equal(expected, SqlScript.FirstWord(text));
        Assert.Equal(expected.Length == 0, SqlScript.IsEmpty(text));
    }

    [Theory]
    [InlineData("DELETE FROM users;", true)]
    [InlineData("update users set name = 'where'", true)]
    [InlineData("DELETE FROM users -- where", true)]
    [InlineData("DELETE FROM users WHERE id = 1", false)]
    [InlineData("UPDATE users SET x = 1 where id = 1", false)]
    [InlineData("SELECT 1", false)]
    [InlineData("DROP TABLE users", false)]
    public void What_changes_every_row_is_seen(string sql, bool expected)
    {
        Assert.Equal(expected, SqlScript.ChangesEverything(sql));
    }

    [Theory]
    [InlineData("box", "+-----+------+\n| id  | name |\n+-----+------+\n|   1 | a|b  |\n|  20 | NULL |\n+-----+------+\n")]
    [InlineData("table", "ID  NAME\n 1  a|b\n20  NULL\n")]
    [InlineData("csv", "id,name\r\n1,a|b\r\n20,\r\n")]
    [InlineData("json", "[{\"id\":1,\"name\":\"a|b\"},{\"id\":20,\"name\":null}]\n")]
    [InlineData("jsonl", "{\"id\":1,\"name\":\"a|b\"}\n{\"id\":20,\"name\":null}\n")]
    [InlineData("line", "  id = 1\nname = a|b\n\n  id = 20\nname = NULL\n")]
    [InlineData("markdown", "| id  | name |\n| --: | ---- |\n|   1 | a\\|b |\n|  20 | NULL |\n")]
    [InlineData("insert", "INSERT INTO \"users\" VALUES(1,'a|b');\nINSERT INTO \"users\" VALUES(20,NULL);\n")]
    public void Each_mode_prints_the_same_rows(string mode, string expected)
    {
        var rows = new SqlRows(
            0,
            [new SqlColumn("id", "INTEGER", "users"), new SqlColumn("name", "TEXT", "users")],
            new[] { SqlValue.FromInteger(1), SqlValue.FromText("a|b"), SqlValue.FromInteger(20), SqlValue.Null },
            0,
            0);
        var settings = new ShellSettings();
        DotCommands.Set(settings, [".mode", mode]);

        Assert.Equal(expected, ShellText.Of(rows, settings));
    }

    [Fact]
    public void Dot_commands_set_show_and_suggest()
    {
        var settings = new ShellSettings();
        Assert.Equal("", DotCommands.Set(settings, [".headers", "off"]));
        Assert.Equal("", DotCommands.Set(settings, [".timer", "on"]));
        Assert.Equal("", DotCommands.Set(settings, [".bail", "off"]));
        Assert.Equal("", DotCommands.Set(settings, [".nullvalue", "-"]));
        Assert.Equal("", DotCommands.Set(settings, [".consistency", "stale"]));
        Assert.Equal("mode box, headers off, nullvalue '-', timer on, bail off, consistency local\n", DotCommands.Set(settings, [".show"]));
        Assert.StartsWith("box; there are: box table", DotCommands.Set(settings, [".mode", "wide"]), StringComparison.Ordinal);
        Assert.Equal(["did you mean: .tables"], Assert.Throws<FailureException>(() => DotCommands.Set(settings, [".tabels"])).Failure.Facts);
        Assert.Throws<FailureException>(() => DotCommands.Set(settings, [".headers", "maybe"]));
        Assert.All(DotCommands.Names, name => Assert.Contains(name, DotCommands.Help, StringComparison.Ordinal));
    }

    [Fact]
    public void A_pattern_can_not_leave_its_quotes()
    {
        Assert.Contains("LIKE '''; DROP TABLE x'", DotCommands.Tables("'; DROP TABLE x"), StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_edit_the_line()
    {
        EditLine line = Type("SELECT name FROM users", "Ctrl+A", "Delete", "s", "End", "Backspace", "Ctrl+W", "t", "Left", "Left", "x");

        Assert.Equal("sELECT name FROMx t", line.Text);
        Assert.Equal(17, line.Cursor);
        Assert.Equal("b", Type("a b", "Ctrl+B", "Ctrl+U").Text);
        Assert.Equal("a", Type("a b", "Home", "Right", "Ctrl+K").Text);
        Assert.Equal("ax b", Type("a b", "Alt+B", "Ctrl+LeftArrow", "Alt+F", "x").Text);
    }

    [Fact]
    public void A_pair_of_surrogates_is_one_letter()
    {
        var line = new EditLine();
        line.Set("a𝄞b");
        line.Left();
        line.Left();
        Assert.Equal(1, line.Cursor);
        line.Right();
        Assert.Equal(3, line.Cursor);
        line.Backspace();
        Assert.Equal("ab", line.Text);
    }

    [Fact]
    public void History_goes_back_and_comes_back_to_what_was_begun()
    {
        var history = new ShellHistory();
        history.Add("one");
        history.Add("two");
        history.Add("two");
        history.Add("");
        var line = new EditLine();
        line.Set("draft");
        Press(line, history, "UpArrow", "UpArrow", "UpArrow");
        Assert.Equal("one", line.Text);
        Press(line, history, "DownArrow", "DownArrow", "DownArrow");

        Assert.Equal("draft", line.Text);
        Assert.Equal(["one", "two"], history.Entries);
    }

    [Fact]
    public void Words_are_completed_from_keywords_names_and_dot_commands()
    {
        Assert.Equal(["select", "set"], ShellCompletion.For("se", ["users"]));
        Assert.Equal(["SELECT"], ShellCompletion.For("SEL", []));
        Assert.Equal(["user_id", "users", "using"], ShellCompletion.For("us", ["users", "user_id"]));
        Assert.Equal([".tables"], ShellCompletion.For(".ta", ["users"]));
        Assert.Empty(ShellCompletion.For("", ["users"]));
        Assert.Equal("user", ShellCompletion.Common(["user_id", "users"]));
        var line = new EditLine();
        line.Set("SELECT us");
        line.ReplaceWord("users ");
        Assert.Equal("SELECT users ", line.Text);
    }

    [Fact]
    public void A_line_is_shown_around_the_cursor()
    {
        Assert.Equal("\r\e[K> abc\e[1D", LineView.Draw("> ", "abc", 2, 80));
        Assert.Equal("\r\e[K> abc", LineView.Draw("> ", "abc", 3, 80));
        string shown = LineView.Draw("> ", new string('x', 500), 500, 20);
        Assert.InRange(shown.Length, 10, 25);
    }

    [Fact]
    public async Task A_mode_that_there_is_not_is_refused()
    {
        Assert.Contains("there is no mode 'wide'", (await new TestTerminal().ExpectAsync(2, "sql", "--mode", "wide", "SELECT 1")).Error, StringComparison.Ordinal);
    }

    private static EditLine Type(string text, params string[] keys)
    {
        var line = new EditLine();
        line.Set(text);
        Press(line, new ShellHistory(), keys);
        return line;
    }

    private static void Press(EditLine line, ShellHistory history, params string[] keys)
    {
        foreach (string name in keys)
        {
            string[] parts = name.Split('+');
            bool isLetter = name.Length == 1;
            ConsoleKey key = parts[^1] switch
            {
                "Left" => ConsoleKey.LeftArrow,
                "Right" => ConsoleKey.RightArrow,
                string other => Enum.Parse<ConsoleKey>(isLetter ? other.ToUpperInvariant() : other),
            };
            ShellKeys.Apply(new ConsoleKeyInfo(isLetter ? name[0] : '\0', key, shift: false, alt: parts[0] == "Alt", control: parts[0] == "Ctrl"), line, history);
        }
    }
}
