namespace Graft.Consensus.Tests.Scenarios;

public sealed class ScriptTests
{
    [Theory]
    [InlineData("jump 1", "a.txt:2: jump 1", "'jump' is no command")]
    [InlineData("elect 7", "a.txt:2: elect 7", "There is no n7")]
    [InlineData("elect one", "a.txt:2: elect one", "'one' is no number")]
    [InlineData("elect 1 2", "a.txt:2: elect 1 2", "'2' means nothing here")]
    [InlineData("deliver form=1", "a.txt:2: deliver form=1", "'form=' means nothing here")]
    [InlineData("deliver kind=Letter", "a.txt:2: deliver kind=Letter", "'Letter' is no MessageKind")]
    [InlineData("run 200", "a.txt:2: run 200", "'200' is no time like 200ms")]
    [InlineData("restart 1", "a.txt:2: restart 1", "n1 is up")]
    public void A_command_that_means_nothing_is_an_error_with_its_place(string command, string place, string what)
    {
        var script = Script.Parse("a.txt", $"cluster voters=1,2,3\n{command}\n----\n");

        ScriptException error = Assert.Throws<ScriptException>(() => new ScriptRunner(script.Name).Run(script.Blocks[0]));

        Assert.StartsWith(place, error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rewritten_script_differs_in_its_outputs_alone()
    {
        const string Text = "# A story.\n\ncluster voters=1\n----\n\nlog 1\n----\nwrong\n";
        var script = Script.Parse("a.txt", Text);
        var runner = new ScriptRunner(script.Name);

        string rewritten = script.With([.. script.Blocks.Select(runner.Run)]);

        Assert.Equal(Text, script.Text);
        Assert.Equal(Text.Replace("wrong", "n1 log [1..1]@t1, commit 1", StringComparison.Ordinal), rewritten);
    }
}
