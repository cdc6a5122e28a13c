using System.Collections.Immutable;
using Graft.Consensus;
using Graft.Network;
using Graft.Storage;
using Graft.Tests.Support;

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
        SurvivorState after = Assert.Single(ClusterRecovery.Recover(world.Disks[survivor], [], new RecoveryOptions { Drawn = 7 }));
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
        RecoveryRefusedException refused = Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(world.Disks[deposed], one, new RecoveryOptions { Drawn = 7 }));
        Assert.Contains($"Recover {one[0].Node} instead", refused.Message, StringComparison.Ordinal);
        Assert.Equal(other[0], ClusterRecovery.Inspect(world.Disks[deposed])[0]);
        ImmutableArray<SurvivorState> recovered = ClusterRecovery.Recover(world.Disks[chosen], other, new RecoveryOptions { Drawn = 7 });
        SurvivorState following = Assert.Single(ClusterRecovery.Follow(world.Disks[deposed], recovered));
        Assert.Equal((recovered[0].Epoch, other[0].Last), (following.Epoch, following.Last));

        // Asked again it is the same, and what was added says nothing of how complete the log is.
        Assert.Equal(following, Assert.Single(ClusterRecovery.Follow(world.Disks[deposed], recovered)) with { WhyNot = null });

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
            SurvivorState after = ClusterRecovery.Recover(world.Disks["b"], [], new RecoveryOptions { Drawn = recoveries })[0];
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
        ClusterRecovery.Recover(world.Disks["a"], [], new RecoveryOptions { Drawn = 1 });
        ClusterRecovery.Recover(world.Disks["b"], [], new RecoveryOptions { Drawn = 2 });

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

    [Fact]
    public void A_lost_majority_that_reaches_a_named_survivor_gets_no_word_of_the_recovered_cluster() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await world.StartAsync("d", "a");
        await world.StartAsync("e", "a");
        await WriteAsync(world, world.Leader, "kept", 3);
        await world.World.UntilAsync(() => world.Machines.Values.All(machine => machine.Applied.Count == 3), "all have all");
        await StopAllAsync(world);
        ImmutableArray<SurvivorState> named = ClusterRecovery.Inspect(world.Disks["b"]);
        ClusterRecovery.Follow(world.Disks["b"], ClusterRecovery.Recover(world.Disks["a"], named));
        string[] lost = ["c", "d", "e"];
        foreach (string name in lost)
        {
            world.Network.Cut("a", name);
        }

        GraftNode second = await world.StartAsync("b");
        foreach (string name in lost)
        {
            await world.StartAsync(name);
        }

        // They dial it, and are told.
        foreach (string name in lost)
        {
            Assert.IsType<SupersededException>(await world.Nodes[name].Failed);
        }

        GraftNode first = await world.StartAsync("a");
        await world.World.UntilAsync(() => first.Group().Members is { IsJoint: false, IncomingVoters.Length: 2 }, "both vote");
        Term term = (await first.Group().StatusAsync()).Term;
        await world.World.DelayAsync(TimeSpan.FromSeconds(20));
        Assert.True(first.Group().IsLeader && (await first.Group().StatusAsync()).Term == term);
        Assert.Equal("4:after", await NodeWorld.WriteAsync(second, "after"));
    });

    [Fact]
    public void A_named_survivor_that_was_not_made_to_follow_is_kept_out() => NodeWorld.Play(async world =>
    {
        await world.StartThreeAsync();
        await WriteAsync(world, world.Leader, "kept", 3);
        await world.World.UntilAsync(() => world.Machines.Values.All(machine => machine.Applied.Count == 3), "all have all");
        await StopAllAsync(world);
        ImmutableArray<SurvivorState> recovered = ClusterRecovery.Recover(world.Disks["a"], ClusterRecovery.Inspect(world.Disks["b"]));

        GraftNode first = await world.StartAsync("a");
        GraftNode early = await world.StartAsync("b");
        Assert.IsType<SupersededException>(await early.Failed);
        await world.StopAsync("b");
        ClusterRecovery.Follow(world.Disks["b"], recovered);
        GraftNode second = await world.StartAsync("b");

        await world.World.UntilAsync(() => first.Group().Members is { IsJoint: false, IncomingVoters.Length: 2 }, "both vote");
        Assert.Equal("4:after", await NodeWorld.WriteAsync(second, "after"));
        RecoveryRefusedException refused = Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Follow(world.Disks["c"], recovered));
        Assert.Contains("wasn't named", refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void A_group_whose_quorum_lives_elsewhere_is_not_recovered_away() => NodeWorld.Play(async world =>
    {
        Dictionary<string, TestMachine> seconds = HaveSecond(world);
        string[] elsewhere = ["a", "d", "e"];
        world.Configure = (name, options) =>
        {
            if (elsewhere.Contains(name))
            {
                options.Groups.Add(Second);
            }
        };
        GraftNode founder = await world.StartAsync("a");
        foreach (string name in (string[])["b", "c", "d", "e"])
        {
            await world.StartAsync(name, "a");
        }

        await world.Leader.Group().ChangeMembersAsync(MembershipChange.None.Remove(world.Nodes["d"].Id).Remove(world.Nodes["e"].Id));
        await WriteAsync(world, founder, "kept", 3);
        Assert.Equal((3, 3), (world.Leader.Group().Members.IncomingVoters.Length, founder.Group(Second).Members.IncomingVoters.Length));
        foreach (string name in (string[])["b", "c", "a"])
        {
            await world.StopAsync(name);
        }

        string[] living = ["d", "e"];
        await world.World.UntilAsync(() => living.Any(name => world.Nodes[name].Group(Second).IsLeader), "the second group lives on");
        await world.Nodes["d"].Group(Second).WriteAsync("only there"u8.ToArray(), default, CancellationToken.None);

        RecoveryRefusedException refused = Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(world.Disks["a"], []));
        Assert.Contains("different voters", refused.Message, StringComparison.Ordinal);
        SurvivorState recovered = Assert.Single(ClusterRecovery.Recover(world.Disks["a"], [], new RecoveryOptions { Groups = [GraftNode.DefaultGroup] }));
        Assert.Equal(GraftNode.DefaultGroup, recovered.Group);

        founder = await world.StartAsync("a");
        Assert.Equal("4:after", await NodeWorld.WriteAsync(founder, "after"));
        await founder.Group(Second).WriteAsync("everywhere"u8.ToArray(), default, CancellationToken.None);
        await world.World.UntilAsync(() => elsewhere.All(name => string.Join(',', seconds[name].Applied) == "only there,everywhere"), "all have all");
        await world.World.DelayAsync(TimeSpan.FromSeconds(20));
        Assert.All(living, name => Assert.False(world.Nodes[name].Failed.IsCompleted, name));
        GraftNode lost = await world.StartAsync("b");
        Assert.IsType<SupersededException>(await lost.Failed);
        Assert.Equal("5:later", await NodeWorld.WriteAsync(founder, "later"));

        // A node that only the other group knows may be taken into the one that was recovered.
        foreach (string name in living)
        {
            await founder.Group().Roster.ChangeNowAsync(
                new MembersRequest(MembershipChange.None.Add(world.Nodes[name].Id)) { Addresses = [(world.Nodes[name].Id, NodeWorld.At(name))] });
        }

        await world.World.UntilAsync(() => founder.Group().Members is { IsJoint: false, IncomingVoters.Length: 3 }, "all three vote");
        await world.World.UntilAsync(() => living.All(name => world.Machines[name].Applied.Count == 5), "they have all");
        Assert.All(living, name => Assert.False(world.Nodes[name].Failed.IsCompleted, name));
    });

    [Fact]
    public void Each_group_is_recovered_from_the_survivor_that_has_most_of_it() => NodeWorld.Play(async world =>
    {
        Dictionary<string, TestMachine> seconds = HaveSecond(world);
        world.Configure = static (_, options) => options.Groups.Add(Second);
        await world.StartThreeAsync();
        await WriteAsync(world, world.Nodes["a"], "first", 2);
        await LeadAsync(world, world.Nodes["a"], GraftNode.DefaultGroup);
        await LeadAsync(world, world.Nodes["b"], Second);
        await world.World.UntilAsync(() => world.Machines.Values.All(static machine => machine.Applied.Count == 2), "all have applied all");
        world.Network.Cut("a", "b");
        world.Network.Cut("b", "c");
        world.Network.Cut("a", "c");

        // Each has one that nobody else got before the third was lost.
        var brief = new WriteOptions { Timeout = TimeSpan.FromMilliseconds(100), IsLocalOnly = true };
        await Assert.ThrowsAsync<UnknownOutcomeException>(() => NodeWorld.WriteAsync(world.Nodes["a"], "first2", brief));
        await Assert.ThrowsAsync<UnknownOutcomeException>(async () => await world.Nodes["b"].Group(Second).WriteAsync("second"u8.ToArray(), brief, CancellationToken.None));
        await StopAllAsync(world);
        world.Network.Heal("a", "b");
        world.Network.Heal("b", "c");
        world.Network.Heal("a", "c");

        ImmutableArray<SurvivorState> one = ClusterRecovery.Inspect(world.Disks["a"]);
        ImmutableArray<SurvivorState> other = ClusterRecovery.Inspect(world.Disks["b"]);
        Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(world.Disks["a"], other));
        ImmutableArray<SurvivorState> ours = ClusterRecovery.Recover(world.Disks["a"], other, new RecoveryOptions { Groups = [GraftNode.DefaultGroup] });
        ImmutableArray<SurvivorState> theirs = ClusterRecovery.Recover(world.Disks["b"], one, new RecoveryOptions { Groups = [Second], PartOf = ours[0].Epoch });
        Assert.Equal(ours[0].Epoch, theirs[0].Epoch);
        ClusterRecovery.Follow(world.Disks["a"], theirs);
        ClusterRecovery.Follow(world.Disks["b"], ours);

        string[] survivors = ["a", "b"];
        GraftNode first = await world.StartAsync("a");
        GraftNode second = await world.StartAsync("b");
        Assert.Equal("4:after", await NodeWorld.WriteAsync(second, "after"));
        await first.Group(Second).WriteAsync("too"u8.ToArray(), default, CancellationToken.None);
        await world.World.UntilAsync(
            () => survivors.All(name => string.Join(',', seconds[name].Applied) == "second,too" && world.Machines[name].Applied.Count == 4), "both have both");
        GraftNode lost = await world.StartAsync("c");
        Assert.IsType<SupersededException>(await lost.Failed);
    });

    private static async Task LeadAsync(NodeWorld world, GraftNode node, GroupId group)
    {
        if (!node.Group(group).IsLeader)
        {
            await node.Group(group).TransferLeadershipAsync(node.Id, cancellation: CancellationToken.None);
        }

        await world.World.UntilAsync(() => world.Nodes.Values.All(each => each.Group(group).Leader == node.Id), "it leads");
    }

    [Fact]
    public void What_a_witness_alone_has_is_named_as_lost_and_given_up_on_demand() => NodeWorld.Play(async world =>
    {
        await world.StartAsync("a");
        await world.StartAsync("b", "a");
        world.Configure = static (_, options) => options.JoinAs = MemberKind.Witness;
        await world.StartAsync("w", "a");
        await world.Leader.Group().TransferLeadershipAsync(world.Nodes["b"].Id, cancellation: CancellationToken.None);
        await WriteAsync(world, world.Nodes["b"], "kept", 3);
        await world.World.UntilAsync(() => world.Machines["a"].Applied.Count == 3, "it has all");
        await world.StopAsync("a");
        await WriteAsync(world, world.Nodes["b"], "single", 2);
        await StopAllAsync(world);
        ImmutableArray<SurvivorState> witness = ClusterRecovery.Inspect(world.Disks["w"]);

        RecoveryRefusedException refused = Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(world.Disks["a"], witness));
        Assert.DoesNotContain("instead", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"can't be recovered from {witness[0].Node}", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"accept the loss of what lies between {ClusterRecovery.Inspect(world.Disks["a"])[0].Last} and {witness[0].Last}", refused.Message, StringComparison.Ordinal);
        Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(world.Disks["w"], [], new RecoveryOptions { AcceptsLoss = true }));
        ImmutableArray<SurvivorState> recovered = ClusterRecovery.Recover(world.Disks["a"], witness, new RecoveryOptions { AcceptsLoss = true });
        refused = Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Follow(world.Disks["w"], recovered));
        Assert.Contains("Wipe its directory", refused.Message, StringComparison.Ordinal);

        GraftNode first = await world.StartAsync("a");
        Assert.Equal("4:after", await NodeWorld.WriteAsync(first, "after"));
        world.Disks["w"] = new MemoryDisk();
        await world.StartAsync("w", "a");
        Assert.Equal(2, first.Group().Members.IncomingVoters.Length);
    });

    [Fact]
    public void A_learner_stays_one_and_recovers_nothing_unless_the_loss_is_accepted() => NodeWorld.Play(async world =>
    {
        await world.StartAsync("a");
        await world.StartAsync("b", "a");
        world.Configure = static (_, options) => options.JoinAs = MemberKind.Learner;
        await world.StartAsync("r", "a");
        await WriteAsync(world, world.Leader, "kept", 3);
        await world.World.UntilAsync(() => world.Machines.Values.All(machine => machine.Applied.Count == 3), "all have all");
        await StopAllAsync(world);
        ImmutableArray<SurvivorState> replica = ClusterRecovery.Inspect(world.Disks["r"]);

        Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(world.Disks["r"], []));
        SurvivorState recovered = ClusterRecovery.Recover(world.Disks["a"], replica)[0];
        Assert.Equal(MemberRole.Learner, recovered.Membership.Find(replica[0].Node)!.Value.Role);
        ClusterRecovery.Follow(world.Disks["r"], [recovered]);

        // Now the chosen one is gone too.
        SurvivorState last = ClusterRecovery.Recover(world.Disks["r"], [], new RecoveryOptions { Groups = [GraftNode.DefaultGroup], AcceptsLoss = true })[0];
        Assert.Equal((3U, replica[0].Last.Index.Value + 2), (last.Epoch.Number, last.Last.Index.Value));
        Assert.Equal("4:after", await NodeWorld.WriteAsync(await world.StartAsync("r"), "after"));
    });

    [Fact]
    public void A_directory_whose_groups_are_lost_is_refused()
    {
        var disk = new MemoryDisk();
        WorldContext.Run(1, async world =>
        {
            var seams = new NodeSeams { Disk = disk, Time = world.Time, Network = new MemoryNetwork().At("nowhere"), Seed = 1, Context = world };
            await NodeRuntime.Open(seams, new NodeIdentity(new ClusterId(7), new NodeId(1)), "a test").StopAsync();
        });

        Assert.Contains("no group", Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Inspect(disk)).Message, StringComparison.Ordinal);
        Assert.Contains("no group", Assert.Throws<RecoveryRefusedException>(() => ClusterRecovery.Recover(disk, [])).Message, StringComparison.Ordinal);
    }

    private static readonly GroupId Second = new(2);

    private static Dictionary<string, TestMachine> HaveSecond(NodeWorld world)
    {
        var machines = new Dictionary<string, TestMachine>();
        world.Others = (name, _) => machines[name] = new TestMachine();
        return machines;
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
