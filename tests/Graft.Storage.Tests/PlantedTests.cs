using Graft.Testing;

namespace Graft.Storage.Tests;

/// <summary>A planted bug that no line of storage depends on would be found by no test, and nobody would notice.</summary>
public sealed class PlantedTests
{
    private static readonly PlantedBugs Planting = new(typeof(Planted), "Graft.Storage");

    public static TheoryData<string> Bugs => [.. Planting.Listed];

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_planted_bug_changes_some_line_of_storage(string bug) => Assert.Contains(bug, Planting.Used);

    [Fact]
    public void Storage_asks_for_no_bug_that_is_not_in_the_list() =>
        Assert.Empty(Planting.Used.Except([.. Planting.Listed, "Id"]));
}
