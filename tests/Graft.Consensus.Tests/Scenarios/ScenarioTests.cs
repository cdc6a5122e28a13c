using Graft.Testing;

namespace Graft.Consensus.Tests.Scenarios;

/// <summary>Stories of the protocol as golden scripts, in the manner of etcd's data-driven tests.</summary>
/// <remarks><c>GRAFT_REWRITE=1 ./test</c> writes what the scripts print into the source tree: read the difference, it is the review.</remarks>
public sealed class ScenarioTests
{
    private const string Folder = "tests/Graft.Consensus.Tests/Scenarios/scripts";

    public static TheoryData<string> Scripts() =>
        [.. Directory.EnumerateFiles(BuiltFolder, "*.txt").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void A_script_prints_what_it_says(string name)
    {
        bool rewrites = Environment.GetEnvironmentVariable("GRAFT_REWRITE") == "1";
        string path = Path.Combine(rewrites ? Path.Combine(SourceTree.Root, Folder) : BuiltFolder, $"{name}.txt");
        string text = File.ReadAllText(path);
        var script = Script.Parse($"{name}.txt", text);
        var runner = new ScriptRunner(script.Name);

        var outputs = new List<string[]>();
        foreach (ScriptBlock block in script.Blocks)
        {
            outputs.Add(runner.Run(block));
        }

        string printed = script.With(outputs);
        if (rewrites && printed != text)
        {
            // Red, so that a rewrite can't pass for a run.
            File.WriteAllText(path, printed);
            Assert.Fail($"{script.Name} was rewritten.");
        }

        Assert.Equal(text, printed, ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void There_are_scripts() => Assert.True(Scripts().Count >= 20);

    private static string BuiltFolder => Path.Combine(AppContext.BaseDirectory, "Scenarios", "scripts");
}
