using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Graft.Storage.Tests;

/// <summary>A planted bug that no line of storage depends on would be found by no test, and nobody would notice.</summary>
public sealed partial class PlantedTests
{
    public static TheoryData<string> Bugs =>
        [.. typeof(Planted).GetFields(BindingFlags.NonPublic | BindingFlags.Static)
            .Where(constant => constant.FieldType == typeof(bool))
            .Select(constant => constant.Name)];

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_planted_bug_changes_some_line_of_storage(string bug) => Assert.Contains(bug, Used());

    [Fact]
    public void Storage_asks_for_no_bug_that_is_not_in_the_list() =>
        Assert.Empty(Used().Except([.. Bugs.Select(row => row.Data), "Id"]));

    private static HashSet<string> Used() =>
        [.. from file in Directory.EnumerateFiles(Path.Combine(Root(), "src", "Graft.Storage"), "*.cs", SearchOption.AllDirectories)
            where Path.GetFileName(file) != "Planted.cs"
            from Match use in Use().Matches(File.ReadAllText(file))
            select use.Groups["name"].Value];

    // A build with a planted bug may lie outside of the tree; then only this file's own path leads there.
    private static string Root([CallerFilePath] string thisFile = "") =>
        RootAbove(AppContext.BaseDirectory) ?? RootAbove(Path.GetDirectoryName(thisFile))
        ?? throw new InvalidOperationException("Graft.slnx is above neither the tests nor their source.");

    private static string? RootAbove(string? at)
    {
        while (at is not null && !File.Exists(Path.Combine(at, "Graft.slnx")))
        {
            at = Path.GetDirectoryName(at);
        }

        return at;
    }

    [GeneratedRegex(@"\bPlanted\.(?<name>[A-Za-z]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Use();
}
