using System.Collections.Immutable;
using Graft.Consensus;
using Graft.Storage;

namespace Graft.Tests;

/// <summary>A cluster that lost its quorum goes on from a survivor, and nobody of before has a part in it.</summary>
public sealed class RecoveryTests
{
    [Fact]
    public void A_recovered_cluster_keeps_all_that_its_survivor_had_and_a_majority_of_before_changes_nothing() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        string survivor = world.Nodes.First(pair => !pair.Value.Group().IsLeader).Key;
        await WriteAsync(world, world.Leader, "kept", 10);
        await world.World.UntilAsync(() => world.Machines[survivor].Applied.Count == 10, "the survivor has all");
        string[] lost = [.. world.Nodes.Keys.Where(name => name != survivor)];
        Isolate(world, survivor, isCut: true);
        await world.World.DelayAsync(TimeSpan.FromSeconds(2));
        await WriteAsync(world, world.Nodes[lost[0]], "lost", 5);
        await StopAllAsync(world);
        Isolate(world, survivor, isCut: false);

        SurvivorState before = Assert.Single(ClusterRecovery.Inspect(world.Disks[survivor]));
        SurvivorState after = Assert.Single(ClusterRecovery.Recover(world.Disks[survivor], [], drawn: 7));
        Assert.True(after.Epoch.Number == before.Epoch.Number + 1 && after.Last.Index == before.Last.Index.Next, $"{before} {after}");

        GraftNode recovered = await world.StartAsync(survivor);
        Assert.Equal("11:after", await NodeWorld.WriteAsync(recovered, "after"));
        GraftNode[] old = [await world.StartAsync(lost[0]), await world.StartAsync(lost[1])];
        foreach (GraftNode node in old)
        {
            SupersededException told = Assert.IsType<SupersededException>(await node.Failed);
            Assert.Equal((before.Epoch, after.Epoch), (told.Own, told.Other));
            Assert.Contains("Wipe its data directory", told.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<RejectedException>(() => NodeWorld.WriteAsync(node, "nowhere"));
        }

        await world.World.DelayAsync(TimeSpan.FromSeconds(20));
        Assert.True(recovered.Group().IsLeader);
        Assert.Equal("12:later", await NodeWorld.WriteAsync(recovered, "later"));
        Assert.DoesNotContain(world.Machines[survivor].Applied, command => command.StartsWith("lost", StringComparison.Ordinal));

        // Wiped, they are new nodes like any other.
        foreach (string name in lost)
        {
            await world.StopAsync(name);
            world.Disks[name] = new MemoryDisk();
            await world.StartAsync(name, survivor);
        }

        await world.World.UntilAsync(() => world.Machines.Values.All(machine => machine.Applied.Count == 12), "all have all");
        Assert.Equal(after.Epoch, recovered.Group().Members.Epoch);
    });

    [Fact]
    public void Survivors_that_are_named_come_back_with_what_they_have_and_drop_what_the_chosen_one_lacks() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await world.StartAsync("d", "a");
        await world.StartAsync("e", "a");
        await WriteAsync(world, world.Leader, "kept", 10);
        string deposed = world.Nodes.Single(pair => pair.Value.Group().IsLeader).Key;
        string chosen = world.Nodes.Keys.First(name => name != deposed);
        Isolate(world, deposed, isCut: true);
        Task<string> never = NodeWorld.WriteAsync(world.Nodes[deposed], "never", new WriteOptions { Timeout = TimeSpan.FromSeconds(1) });
        await Assert.ThrowsAsync<UnknownOutcomeException>(() => never);
        await WriteAsync(world, world.Nodes[chosen], "more", 5);
        await world.World.UntilAsync(() => world.Machines[chosen].Applied.Count == 15, "the chosen one has all");
        await StopAllAsync(world);
        Isolate(world, deposed, isCut: false);

        ImmutableArray<SurvivorState> one = ClusterRecovery.Inspect(world.Disks[chosen]);
        ImmutableArray<SurvivorState> other = ClusterRecovery.Inspect(world.Disks[deposed]);
        Assert.True(one[0].IsAtLeastAsCompleteAs(other[0]) && !other[0].IsAtLeastAsCompleteAs(one[0]));
        RecoveryRefusedException refused = Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(world.Disks[deposed], one, drawn: 7));
        Assert.Contains($"Recover {one[0].Node} instead", refused.Message, StringComparison.Ordinal);
        Assert.Equal(other[0], ClusterRecovery.Inspect(world.Disks[deposed])[0]);
        ClusterRecovery.Recover(world.Disks[chosen], other, drawn: 7);

        GraftNode leader = await world.StartAsync(chosen);
        GraftNode joining = await world.StartAsync(deposed);
        await world.World.UntilAsync(() => leader.Group().Members is { IsJoint: false, IncomingVoters.Length: 2 }, "both vote");
        Assert.Equal("16:after", await NodeWorld.WriteAsync(joining, "after"));
        await world.World.UntilAsync(() => world.Machines[deposed].Applied.Count == 16, "both have all");
        Assert.Equal(world.Machines[chosen].Applied, world.Machines[deposed].Applied);
        Assert.DoesNotContain("never", world.Machines[deposed].Applied);
    });

    [Fact]
    public void A_recovered_node_may_be_recovered_again_from_a_snapshot_and_keeps_its_epoch() => NodeWorld.Play(async world =>
    {
        world.TrailingEntries = 0;
        await world.StartThreeAsync();
        await WriteAsync(world, world.Leader, "kept", 10);
        await world.World.UntilAsync(() => world.Machines["b"].Applied.Count == 10, "it has all");
        await world.Nodes["b"].Group().TakeSnapshotAsync();
        await StopAllAsync(world);

        for (uint recoveries = 1; recoveries < 3; recoveries++)
        {
            SurvivorState after = ClusterRecovery.Recover(world.Disks["b"], [], drawn: recoveries)[0];
            Assert.Equal(recoveries + 1, after.Epoch.Number);
            GraftNode node = await world.StartAsync("b");
            await NodeWorld.WriteAsync(node, $"after{recoveries}");
            await node.Group().TakeSnapshotAsync();
            await world.StopAsync("b");
            node = await world.StartAsync("b");
            Assert.EndsWith($"kept9,{string.Join(',', Enumerable.Range(1, (int)recoveries).Select(number => $"after{number}"))}", await NodeWorld.ReadAsync(node), StringComparison.Ordinal);
            Assert.Equal(after.Epoch, node.Group().Members.Epoch);
            await world.StopAsync("b");
        }
    });

    [Fact]
    public void A_directory_that_is_in_use_or_nobody_s_is_refused() => NodeWorld.Play(async world =>
    {
        GraftNode node = await world.StartAsync("a");

        Assert.Throws<StorageRefusedException>(() => ClusterRecovery.Inspect(world.Disks["a"]));
        Assert.Throws<StorageRefusedException>(() => ClusterRecovery.Recover(world.Disks["a"], []));
        Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(new MemoryDisk(), []));
        Assert.Equal("1:x", await NodeWorld.WriteAsync(node, "x"));
    });

    [Fact]
    public void Two_recoveries_of_one_cluster_do_not_mix() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await WriteAsync(world, world.Leader, "kept", 3);
        await world.World.UntilAsync(() => world.Machines.Values.All(machine => machine.Applied.Count == 3), "all have all");
        await StopAllAsync(world);
        ClusterRecovery.Recover(world.Disks["a"], [], drawn: 1);
        ClusterRecovery.Recover(world.Disks["b"], [], drawn: 2);

        GraftNode one = await world.StartAsync("a");
        GraftNode two = await world.StartAsync("b");
        Assert.Equal("4:one", await NodeWorld.WriteAsync(one, "one"));
        Assert.Equal("4:two", await NodeWorld.WriteAsync(two, "two"));
        await world.World.DelayAsync(TimeSpan.FromSeconds(10));

        Assert.True(one.Group().IsLeader && two.Group().IsLeader);
        Assert.Equal("5:one", await NodeWorld.WriteAsync(one, "one"));
    });

    [Fact]
    public void A_witness_and_a_stranger_are_no_survivors() => NodeWorld.Play(async world =>
    {
        await world.StartAsync("a");
        await world.StartAsync("b", "a");
        world.Configure = static (_, options) => options.JoinAs = MemberKind.Witness;
        await world.StartAsync("w", "a");
        await StopAllAsync(world);

        RecoveryRefusedException refused = Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(world.Disks["w"], []));
        Assert.Contains("witness", refused.Message, StringComparison.Ordinal);
        SurvivorState stranger = ClusterRecovery.Inspect(world.Disks["b"])[0] with { Node = new NodeId(1) };
        refused = Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(world.Disks["a"], [stranger]));
        Assert.Contains("no member", refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void An_epoch_excludes_earlier_ones_and_those_of_another_recovery()
    {
        Epoch first = Epoch.First;
        Epoch second = first.Next(7);

        Assert.True(second.Excludes(first));
        Assert.False(first.Excludes(second));
        Assert.False(second.Excludes(second));
        Assert.False(second.Excludes(Epoch.None));
        Assert.True(second.Excludes(first.Next(8)) && first.Next(8).Excludes(second));
        Assert.Equal((2U, 3U), (second.Number, second.Next(9).Number));
    }

    private static async Task WriteAsync(NodeWorld world, GraftNode node, string command, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await NodeWorld.WriteAsync(node, $"{command}{i}");
        }

        Assert.NotEmpty(world.Nodes);
    }

    private static void Isolate(NodeWorld world, string name, bool isCut)
    {
        foreach (string other in world.Disks.Keys.Where(other => other != name))
        {
            if (isCut)
            {
                world.Network.Cut(name, other);
            }
            else
            {
                world.Network.Heal(name, other);
            }
        }
    }

    private static async Task StopAllAsync(NodeWorld world)
    {
        foreach (string name in world.Nodes.Keys.ToArray())
        {
            await world.StopAsync(name);
        }
    }
}
