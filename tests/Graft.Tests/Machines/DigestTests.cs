using Graft.Consensus;

namespace Graft.Tests.Machines;

public sealed class DigestTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    [Fact]
    public void One_of_three_that_has_another_state_is_found_and_stops_applying() => Play(async (world, alarms, _) =>
    {
        await world.StartThreeAsync();
        await NodeWorld.WriteAsync(world.Leader, "one");
        string wrong = world.Nodes.First(node => !node.Value.Group().IsLeader).Key;
        await world.World.UntilAsync(() => world.Machines[wrong].Applied.Count == 1, "it's applied");
        world.Machines[wrong].Applied[0] = "bent";
        await NodeWorld.WriteAsync(world.Leader, "two");

        await world.World.UntilAsync(() => world.Nodes[wrong].Group().Halted is not null, "it's found");

        ApplyHaltedException halted = world.Nodes[wrong].Group().Halted!;
        Assert.Contains($"{world.Nodes[wrong].Id} is in the minority and stops here", halted.Message, StringComparison.Ordinal);
        Assert.Contains("let it join again", halted.Message, StringComparison.Ordinal);
        await world.World.DelayAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(["a", "b", "c"], alarms.Where(alarm => alarm.Alarm.Kind == GroupAlarmKind.StatesDiffer).Select(alarm => alarm.Node).Order());
        Assert.Equal([wrong], alarms.Where(alarm => alarm.Alarm.Kind == GroupAlarmKind.ApplyHalted).Select(alarm => alarm.Node));
        Assert.All(world.Nodes.Values, node => Assert.Contains("differ after entry", node.Group().Divergence, StringComparison.Ordinal));

        await NodeWorld.WriteAsync(world.Leader, "three");
        Assert.Equal(["bent", "two"], world.Machines[wrong].Applied);
        GraftException refused = await Assert.ThrowsAnyAsync<GraftException>(() => NodeWorld.ReadAsync(world.Nodes[wrong]));
        Assert.Contains("in the minority", refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void A_leader_that_is_wrong_hands_over_and_writes_go_on() => Play(async (world, _, _) =>
    {
        await world.StartThreeAsync();
        GraftNode wrong = world.Leader;
        await NodeWorld.WriteAsync(wrong, "one");
        world.Machines[world.Nodes.Single(node => node.Value == wrong).Key].Applied[0] = "bent";
        await NodeWorld.WriteAsync(wrong, "two");

        await world.World.UntilAsync(() => wrong.Group().Halted is not null && !wrong.Group().IsLeader && world.Nodes.Values.Any(node => node.Group().IsLeader), "another leads");

        Assert.Equal("3:three", await NodeWorld.WriteAsync(world.Leader, "three"));
    });

    [Fact]
    public void Two_that_differ_are_an_alarm_on_both_and_neither_stops() => Play(async (world, alarms, _) =>
    {
        await world.StartAsync("a");
        await world.StartAsync("b", "a");
        await NodeWorld.WriteAsync(world.Leader, "one");
        await world.World.UntilAsync(() => world.Machines["b"].Applied.Count == 1, "it's applied");
        world.Machines["b"].Applied[0] = "bent";
        await NodeWorld.WriteAsync(world.Leader, "two");

        await world.World.UntilAsync(() => alarms.Count == 2, "both are told");

        Assert.Equal(["a", "b"], alarms.Select(alarm => alarm.Node).Order());
        Assert.All(alarms, alarm => Assert.Contains("nobody can tell which is right", alarm.Alarm.Message, StringComparison.Ordinal));
        await world.World.DelayAsync(Interval);
        Assert.All(world.Nodes.Values, node => Assert.Null(node.Group().Halted));
        Assert.Equal("3:three", await NodeWorld.WriteAsync(world.Nodes["b"], "three"));
    });

    [Fact]
    public void A_learner_that_differs_from_the_voters_stops() => Play(async (world, alarms, _) =>
    {
        world.Configure += (name, options) => options.JoinAs = name == "d" ? MemberKind.Learner : MemberKind.Voter;
        await world.StartThreeAsync();
        await world.StartAsync("d", "a");
        await NodeWorld.WriteAsync(world.Leader, "one");
        await world.World.UntilAsync(() => world.Machines["d"].Applied.Count == 1, "it's applied");
        world.Machines["d"].Applied[0] = "bent";
        await NodeWorld.WriteAsync(world.Leader, "two");

        await world.World.UntilAsync(() => world.Nodes["d"].Group().Halted is not null, "it's found");

        Assert.Equal(["d"], alarms.Where(alarm => alarm.Alarm.Kind == GroupAlarmKind.ApplyHalted).Select(alarm => alarm.Node));
    });

    [Fact]
    public void Healthy_nodes_never_alarm_across_snapshots_restarts_and_learners() => Play(async (world, alarms, made) =>
    {
        world.TrailingEntries = 2;
        world.Configure += (name, options) => options.JoinAs = name == "d" ? MemberKind.Learner : MemberKind.Voter;
        await world.StartThreeAsync();
        for (int round = 0; round < 12; round++)
        {
            for (int i = 0; i < 5; i++)
            {
                await NodeWorld.WriteAsync(world.Leader, $"c{round}-{i}");
            }

            if (round % 3 == 0)
            {
                await world.Leader.Group().TakeSnapshotAsync();
            }

            if (round == 4)
            {
                await world.StartAsync("d", "a");
            }

            if (round % 4 == 2)
            {
                string restarted = round == 6 ? "d" : world.Nodes.First(node => !node.Value.Group().IsLeader && node.Key != "d").Key;
                await world.StopAsync(restarted);
                await world.World.DelayAsync(TimeSpan.FromSeconds(round * 3));
                await world.StartAsync(restarted, "a");
            }

            await world.World.DelayAsync(Interval);
            await world.World.UntilAsync(() => world.Nodes.Values.Any(node => node.Group().IsLeader), "somebody leads");
        }

        await world.World.UntilAsync(() => world.Machines.Values.All(machine => machine.Applied.Count == 60), "all have all");
        Assert.Empty(alarms);
        Assert.All(world.Nodes.Values, node => Assert.Null(node.Group().Divergence));
        Assert.All(made, machine => Assert.True(machine.Value.Digests > 0, machine.Key));
    });

    [Fact]
    public void An_idle_group_is_not_compared_again() => Play(async (world, _, made) =>
    {
        await world.StartThreeAsync();
        await NodeWorld.WriteAsync(world.Leader, "one");
        await world.World.DelayAsync(Interval * 2);
        LogIndex applied = world.Leader.Group().Applied;

        await world.World.DelayAsync(Interval * 10);

        Assert.All(made.Values, machine => Assert.Equal(1, machine.Digests));
        Assert.Equal(applied, world.Leader.Group().Applied);
    });

    [Fact]
    public void A_majority_counts_voters_and_witnesses_say_nothing()
    {
        var tally = new DigestTally();
        var entry = new LogIndex(9);
        Membership members = Membership.Of(
            [new Member(new NodeId(1), MemberRole.Voter), new Member(new NodeId(2), MemberRole.Voter), new Member(new NodeId(3), MemberRole.Voter, IsWitness: true)]);

        tally.Add(entry, new NodeId(1), 5);
        Assert.Equal(DigestVerdict.Open, tally.Judge(entry, members, new NodeId(1)));
        tally.Add(entry, new NodeId(2), 6);
        Assert.Equal(DigestVerdict.Differ, tally.Judge(entry, members, new NodeId(1)));
        tally.Add(entry, new NodeId(2), 5);
        Assert.Equal(DigestVerdict.Differ, tally.Judge(entry, members, new NodeId(1)));

        var next = new LogIndex(10);
        tally.Add(next, new NodeId(2), 5);
        tally.Add(next, new NodeId(1), 5);
        Assert.Equal(DigestVerdict.Agree, tally.Judge(next, members, new NodeId(1)));
        tally.Add(next, new NodeId(4), 6);
        Assert.Equal(DigestVerdict.AnothersIsWrong, tally.Judge(next, members, new NodeId(1)));
        Assert.Equal(DigestVerdict.OursIsWrong, tally.Judge(next, members, new NodeId(4)));
        Assert.Equal("n1, n2 have 00000000000000000000000000000005; n4 has 00000000000000000000000000000006", tally.Describe(next));
    }

    // The story gets what was alarmed, and the state machines by node.
    private static void Play(Func<NodeWorld, List<(string Node, GroupAlarm Alarm)>, SortedDictionary<string, DigestMachine>, Task> story) => NodeWorld.Play(async world =>
    {
        var alarms = new List<(string, GroupAlarm)>();
        var made = new SortedDictionary<string, DigestMachine>(StringComparer.Ordinal);
        world.Around = (name, machine) => made[name] = new DigestMachine(machine);
        world.Configure = (name, options) =>
        {
            options.CompareInterval = Interval;
            options.OnAlarm = alarm => alarms.Add((name, alarm));
        };
        await story(world, alarms, made);
    });
}
