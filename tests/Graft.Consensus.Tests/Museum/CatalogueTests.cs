using System.Reflection;
using System.Text.RegularExpressions;
using Graft.Testing;

namespace Graft.Consensus.Tests.Museum;

/// <summary>The catalogue, docs/internals/museum.md, says what there is.</summary>
public sealed partial class CatalogueTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "internals", "museum.md"));

    [Fact]
    public void Every_test_that_the_catalogue_names_exists()
    {
        HashSet<string> tests =
        [
            .. from type in Assembly.GetExecutingAssembly().GetTypes()
               from method in type.GetMethods()
               where method.GetCustomAttributes().Any(attribute => attribute is FactAttribute)
               select $"{type.Name}.{method.Name}",
        ];
        string[] named = [.. Lines.SelectMany(line => TestName().Matches(line)).Select(match => match.Value.Trim('`'))];

        Assert.True(named.Length > 100);
        Assert.All(named, name => Assert.Contains(name, tests));
    }

    [Theory]
    [InlineData('A', 24)]
    [InlineData('B', 14)]
    [InlineData('C', 11)]
    [InlineData('D', 26)]
    [InlineData('E', 24)]
    [InlineData('F', 7)]
    [InlineData('G', 25)]
    public void No_exhibit_of_the_protocol_is_missing(char section, int exhibits)
    {
        for (int number = 1; number <= exhibits; number++)
        {
            string row = Assert.Single(Lines, line => line.StartsWith($"| {section}{number:00} |", StringComparison.Ordinal));
            string cell = row.Split('|')[3].Trim();
            Assert.True(TestName().IsMatch(cell) || cell.StartsWith("not core: ", StringComparison.Ordinal), row);
        }
    }

    [GeneratedRegex("`[A-Za-z_]+\\.[A-Za-z0-9_]+`", RegexOptions.NonBacktracking)]
    private static partial Regex TestName();
}
