using System.Globalization;
using Graft.Consensus;
using Graft.Storage;
using Graft.Swarm;

namespace Graft.Simulation.Tests;

/// <summary>What the command says about itself: a run that shows nothing must not look like one that does.</summary>
public sealed class SwarmTests
{
    private static readonly string[] Core = ["VoteGivenTwice", "NoNoOp"];
    private static readonly string[] Disk = ["TornBatchAccepted"];

    [Theory]
    [InlineData("", "", null, null)]
    [InlineData("NoNoOp", "NoNoOp", "NoNoOp", null)]
    [InlineData("TornBatchAccepted", "TornBatchAccepted", "TornBatchAccepted", null)]
    [InlineData("VoteGivenTwise", "VoteGivenTwise", null, "VoteGivenTwise")]
    [InlineData("NoNoOp", "VoteGivenTwice", "NoNoOp", null)] // the kill table puts another core beside the storage of its first build
    [InlineData("", "Id", null, "Id")]
    public void A_name_that_neither_project_knows_is_unknown(string core, string storage, string? planted, string? unknown)
    {
        (string, string[])[] lists = [(core, Core), (storage, Disk)];

        Assert.Equal((planted, unknown), (PlantedBug.FindPlanted(lists), PlantedBug.FindUnknown(lists)));
    }

    [Fact]
    public void The_lists_of_both_projects_are_read()
    {
        Assert.Contains("VoteGivenTwice", PlantedBug.ReadList(typeof(RaftCore).Assembly).Names);
        Assert.Contains("TornBatchAccepted", PlantedBug.ReadList(typeof(WriteAheadLog).Assembly).Names);
    }

    [Theory]
    [InlineData("", 30, "./swarm --layer core --seeds 1 --from 74 --trace")]
    [InlineData("-p:PlantedBug=NoNoOp ", 5, "./swarm -p:PlantedBug=NoNoOp --layer core --seeds 1 --from 74 --seconds 5 --trace")]
    public void A_seed_is_replayed_with_the_bug_that_was_planted(string property, int seconds, string command) =>
        Assert.Equal(command, CoreLayer.ReplayCommand("core", property, 74, seconds));

    [Fact]
    public void A_property_of_the_build_that_comes_late_is_told_its_place()
    {
        Assert.Null(Arguments.Parse(["--layer", "core", "--seeds", "1", "-p:PlantedBug=NoNoOp"], out string? problem));

        Assert.Contains("has to come first", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_list_is_broken_between_its_items()
    {
        string[] items = [.. Enumerable.Range(1000, 100).Select(number => string.Create(CultureInfo.InvariantCulture, $"Item {number}"))];

        string[] lines = Columns.Wrap("items:", items).Split(Environment.NewLine);

        Assert.InRange(lines.Length, 9, 12);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 120));
        Assert.Equal("items: " + string.Join(", ", items), string.Join(" ", lines.Select(line => line.Trim())));
        Assert.Equal("items:", Columns.Wrap("items:", []));
    }
}
