using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Graft.Architecture.Tests;

/// <summary>What <c>./test</c> makes of its arguments before it builds anything.</summary>
public sealed partial class TestCommandTests
{
    [Theory]
    [InlineData("--bogus")]
    [InlineData("--filter-clas=X")]
    [InlineData("-p:PlantedBug=NoNoOp")]
    public void An_option_that_it_does_not_know_is_refused_before_anything_is_built(string option)
    {
        (int status, string[] errors) = Run("--filter-class", "X", option);

        Assert.Equal(2, status);
        Assert.Equal([$"No such option: '{option}'. ./test --help names those that there are."], errors);
    }

    [Fact]
    public void Every_option_that_is_documented_passes()
    {
        string[] documented =
        [
            .. from file in (string[])["CONTRIBUTING.md", "README.md", "test"]
               from Match match in Documented().Matches(File.ReadAllText(Path.Combine(House.Root, file)))
               select match.Groups["option"].Value,
        ];

        Assert.Contains("--filter-class", documented);
        foreach (string option in documented.Where(option => option != "--help").Append("--filter-class=X").Append("--report-xunit-trx"))
        {
            (int status, _) = Run(option, "X");
            Assert.NotEqual(2, status);
        }
    }

    // Without a PATH there is neither an SDK nor any other program: what isn't refused ends before it builds.
    private static (int Status, string[] Errors) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/bash") { RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = House.Root };
        start.Environment["PATH"] = "/nonexistent";
        start.ArgumentList.Add("./test");
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string[] errors = process.StandardError.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return (process.ExitCode, errors);
    }

    [GeneratedRegex(@"\./test (?<option>--[a-z-]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Documented();
}
