using System.Reflection;
using System.Text.RegularExpressions;
using Graft.Testing;

namespace Graft.Consensus.Tests.Paper;

/// <summary>The page that names, for each rule, its method and its test is only worth reading while both exist.</summary>
public sealed partial class ProtocolPageTests
{
    private const BindingFlags Any =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void Every_rule_names_a_method_and_a_test_that_exist()
    {
        HashSet<string> members = NamesIn(typeof(RaftCore).Assembly);
        HashSet<string> tests = NamesIn(typeof(ProtocolPageTests).Assembly);
        List<string> missing = [];

        foreach ((string[] methods, string[] rowTests) in Rules())
        {
            missing.AddRange(methods.Where(method => !members.Contains(method)));
            missing.AddRange(rowTests.Where(test => !tests.Contains(test)));
        }

        Assert.Empty(missing);
        Assert.True(Rules().Count > 100, $"Only {Rules().Count} rules were read from the page.");
    }

    private static List<(string[] Methods, string[] Tests)> Rules() =>
        [.. File.ReadLines(Path.Combine(SourceTree.Root, "docs", "internals", "protocol.md"))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length == 6 && cells[4].StartsWith('`'))
            .Select(cells => (NamesIn(cells[3]), NamesIn(cells[4])))];

    private static string[] NamesIn(string cell) => [.. Quoted().Matches(cell).Select(match => match.Groups["name"].Value)];

    private static HashSet<string> NamesIn(Assembly assembly) =>
        [.. assembly.GetTypes().Select(type => type.Name),
            .. assembly.GetTypes().SelectMany(type => type.GetMembers(Any)).Select(member => member.Name)];

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Quoted();
}
