using Graft.Simulation.Nodes;

namespace Graft.Simulation.Tests;

/// <summary>Whole nodes and their callers, by seed.</summary>
public sealed class NodeWorldTests
{
    [Fact]
    public void A_seed_goes_the_same_way_each_time_watched_or_not_and_whatever_ran_before_it()
    {
        NodeSeedReport alone = Run(7, 3);
        Run(8, 2);
        var lines = new List<string>();

        NodeSeedReport again = NodeWorld.Run(7, new NodeRunSettings { Seconds = 3, Trace = lines.Add });

        Assert.Equal((alone.Digest, alone.Turns, alone.Acknowledged), (again.Digest, again.Turns, again.Acknowledged));
        Assert.NotEmpty(lines);
    }

    [Fact]
    public void Some_seeds_hold_and_do_what_they_are_meant_to()
    {
        var faults = new SortedDictionary<string, long>(StringComparer.Ordinal);
        (long acknowledged, long reads) = (0, 0);
        for (ulong seed = 1001; seed <= 1020; seed++)
        {
            NodeSeedReport report = Run(seed, 5);
            Assert.True(report.Failure is null, $"seed {seed}\n{report.Options}\n{report.Failure}\n{report.Where}");
            (acknowledged, reads) = (acknowledged + report.Acknowledged, reads + report.ReadsServed);
            foreach ((string fault, long count) in report.Faults)
            {
                faults[fault] = faults.GetValueOrDefault(fault) + count;
            }
        }

        Assert.True(acknowledged > 500 && reads > 300, $"{acknowledged} writes and {reads} reads were answered");
        foreach (NodeFault fault in Enum.GetValues<NodeFault>())
        {
            Assert.True(faults.GetValueOrDefault(fault.ToString()) > 0, $"{fault} never happened");
        }
    }

    [Theory]
    [InlineData(2)] // A witness that was removed while it was away knew nobody's address after its restart.
    [InlineData(11)]
    public void Seeds_that_once_failed_hold(ulong seed)
    {
        NodeSeedReport report = Run(seed, 30);
        Assert.True(report.Failure is null, $"{report.Options}\n{report.Failure}\n{report.Where}");
    }

    private static NodeSeedReport Run(ulong seed, int seconds) => NodeWorld.Run(seed, new NodeRunSettings { Seconds = seconds });
}
