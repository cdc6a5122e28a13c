using Graft.Testing;

namespace Graft.Consensus.Tests.Units;

/// <summary>A planted bug that no line of the core depends on would be found by no test, and nobody would notice.</summary>
public sealed class PlantedTests
{
    private static readonly PlantedBugs Planting = new(typeof(Planted), "Graft.Consensus");

    public static TheoryData<string> Bugs => [.. Planting.Listed];

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_planted_bug_changes_some_line_of_the_core(string bug) => Assert.Contains(bug, Planting.Used);

    [Fact]
    public void The_core_asks_for_no_bug_that_is_not_in_the_list() =>
        Assert.Empty(Planting.Used.Except([.. Planting.Listed, "Id"]));
}
