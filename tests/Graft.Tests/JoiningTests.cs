using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft.Tests;

/// <summary>A node that is born has all its groups in the end, whatever cut its birth short; or it's said why not, soon.</summary>
public sealed class JoiningTests
{
    private static readonly GroupId Second = new(2);
    private static readonly GroupId Third = new(3);

    [Fact]
    public void A_founding_that_was_cut_short_is_done_at_the_next_start() => NodeWorld.Play(async world =>
    {
        HaveGroups(world);
        world.Disks["a"] = new MemoryDisk();
        var seams = new NodeSeams { Disk = world.Disks["a"], Time = world.World.Time, Network = world.Network.At("a"), Seed = 1, Context = world.World };
        NodeRuntime dying = NodeRuntime.Open(seams, new NodeIdentity(new ClusterId(7), new NodeId(1)), "a test");
        dying.Found(GraftNode.DefaultGroup);
        await dying.StopAsync();

        GraftNode founder = await world.StartAsync("a");

        await WriteEverywhereAsync(founder);
        Assert.Equal(NodeOrigin.Founded, founder.Origin);
        Assert.Equal(NodeOrigin.Joined, (await world.StartAsync("b", "a")).Origin);
    });

    [Fact]
    public void A_founder_that_has_led_founds_nothing_more() => NodeWorld.Play(async world =>
    {
        await world.StartAsync("a");
        await world.StopAsync("a");
        HaveGroups(world);

        GraftNode founder = await world.StartAsync("a");

        Assert.Equal("1:x", await NodeWorld.WriteAsync(founder, "x"));
        Assert.Empty(founder.Group(Second).Members.Members.ToArray());
        Assert.Equal(NodeOrigin.Known, founder.Origin);
    });

    [Fact]
    public void A_join_that_was_cut_short_goes_on_at_the_next_start() => NodeWorld.Play(async world =>
    {
        HaveGroups(world, "a");
        await world.StartAsync("a");
        await world.StartAsync("b", "a");
        await world.StopAsync("b");
        HaveGroups(world, "a", "b");

        GraftNode joined = await world.StartAsync("b", "a");

        await world.World.UntilAsync(
            () => joined.Group(Second).Members.IsVoter(joined.Id) && joined.Group(Third).Members.IsVoter(joined.Id), "it's a voter of all groups");
        await WriteEverywhereAsync(joined);
    });

    [Fact]
    public void A_group_that_nobody_has_founded_keeps_no_member_from_starting() => NodeWorld.Play(async world =>
    {
        await world.StartAsync("a");
        await world.StartAsync("b", "a");
        await world.StopAsync("b");
        var log = new TestLog();
        HaveGroups(world, "b");
        world.Configure += (_, options) => options.Logger = log;

        GraftNode again = await world.StartAsync("b", "a");

        Assert.Equal("1:x", await NodeWorld.WriteAsync(again, "x"));
        await world.World.DelayAsync(TimeSpan.FromMinutes(6));
        Assert.Equal(2, log.Lines.Count(static line => line.Id == 1216));
        Assert.False(again.Failed.IsCompleted);
    });

    [Fact]
    public void A_node_joins_all_groups_through_whatever_member_it_knows() => NodeWorld.Play(async world =>
    {
        HaveGroups(world);
        world.Configure += static (_, options) => options.JoinTimeout = TimeSpan.FromSeconds(20);
        await world.StartAsync("a");
        await world.StartAsync("b", "a");

        GraftNode joined = await world.StartAsync("c", "b");

        Assert.True(joined.Group(Second).Members.IsVoter(joined.Id) && joined.Group(Third).Members.IsVoter(joined.Id));
    });

    [Theory]
    [InlineData(6.5)]
    [InlineData(60)]
    public void Elections_may_take_as_long_as_is_allowed(double seconds) => NodeWorld.Play(async world =>
    {
        world.Configure = (_, options) => (options.ElectionTimeout, options.DefaultTimeout) = (TimeSpan.FromSeconds(seconds), TimeSpan.FromMinutes(5));
        await world.StartAsync("a");

        GraftNode joined = await world.StartAsync("b", "a");
        await world.World.DelayAsync(TimeSpan.FromMinutes(5));

        Assert.Equal("1:x", await NodeWorld.WriteAsync(joined, "x"));
    });

    [Fact]
    public void A_join_ends_when_the_node_fails_while_it_waits() => NodeWorld.Play(async world =>
    {
        HaveGroups(world, "b");
        var broken = new InvalidOperationException("The program can't make it.");
        GroupId wanted = new(9);
        world.Others = (name, group) => group != wanted ? new TestMachine() : name == "b" ? throw broken : new TestMachine();
        world.Configure += (name, options) =>
        {
            if (name == "a")
            {
                options.Groups.Add(wanted);
            }
        };
        GraftNode founder = await world.StartAsync("a");

        // The groups that it joins don't exist, so it waits; meanwhile somebody adds it to one that it can't make.
        Task<GraftNode> joining = world.StartAsync("b", "a");
        await world.World.UntilAsync(() => founder.Group().Members.Members.Length == 2, "it has joined the first");
        NodeId joiner = founder.Group().Members.Members.ToArray().Single(member => member.Id != founder.Id).Id;
        TimeSpan began = world.World.Time.Elapsed;
        await founder.Group(wanted).Roster.ChangeNowAsync(
            new MembersRequest(MembershipChange.None.AddLearner(joiner)) { Addresses = [(joiner, NodeWorld.At("b"))] });

        Assert.Same(broken, await Assert.ThrowsAnyAsync<Exception>(() => joining));
        Assert.True(world.World.Time.Elapsed - began < TimeSpan.FromSeconds(10), $"{world.World.Time.Elapsed - began}");
    });

    private static void HaveGroups(NodeWorld world, params string[] names)
    {
        world.Others = static (_, _) => new TestMachine();
        world.Configure = (name, options) =>
        {
            if (names.Length == 0 || names.Contains(name))
            {
                options.Groups.Add(Second);
                options.Groups.Add(Third);
            }
        };
    }

    private static async Task WriteEverywhereAsync(GraftNode node)
    {
        foreach (GroupId group in (GroupId[])[GraftNode.DefaultGroup, Second, Third])
        {
            await node.Group(group).WriteAsync("x"u8.ToArray(), default, CancellationToken.None);
        }

        Assert.Equal(3, (await node.StatusAsync()).Groups.Length);
    }
}
