using System.Text;

namespace Graft.Cli.Tests;

/// <summary>Runs graft in this process, with an input and an environment of the test's own.</summary>
internal sealed class TestTerminal
{
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();

    internal string Out => _out.ToString();

    internal string Error => _error.ToString();

    internal string Input { get; init; } = "";

    internal Dictionary<string, string> Variables { get; } = [];

    internal Terminal Terminal => new()
    {
        In = new StringReader(Input),
        Out = new StringWriter(_out) { NewLine = "\n" },
        Error = new StringWriter(_error) { NewLine = "\n" },
        Variable = name => Variables.GetValueOrDefault(name),
        Time = TimeProvider.System,
    };

    internal Task<int> RunAsync(params string[] typed) => GraftProgram.RunAsync(typed, Terminal);

    /// <summary>Runs it and checks how it ends.</summary>
    internal async Task<TestTerminal> ExpectAsync(int code, params string[] typed)
    {
        int ended = await RunAsync(typed);
        Assert.True(code == ended, $"graft {string.Join(' ', typed)} ended with {ended}, not {code}:\n{Out}\n{Error}");
        return this;
    }
}
