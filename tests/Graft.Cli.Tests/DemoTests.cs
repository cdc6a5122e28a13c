using System.Collections.Immutable;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Cli.Tests;

public sealed class DemoTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_change_of_leader_is_told_once_with_how_long_nobody_led()
    {
        var watch = new LeaderWatch(id => id.ToString());

        Assert.Equal(["n1 leads (term 1)"], watch.Look(Noon, View(1, 1)));
        Assert.Empty(watch.Look(Noon.AddMilliseconds(100), View(1, 1)));
        Assert.Equal(["n1 doesn't answer as leader any more; the others elect one"], watch.Look(Noon.AddMilliseconds(200), null));
        Assert.Empty(watch.Look(Noon.AddMilliseconds(300), null));
        Assert.Equal(["n3 leads (term 2; nobody led for about 348 ms)"], watch.Look(Noon.AddMilliseconds(448), View(3, 2)));
        Assert.Equal(new NodeId(3), watch.Leader);
    }

    [Fact]
    public void Who_is_lost_is_told_and_who_is_back_once_he_has_caught_up()
    {
        var watch = new LeaderWatch(id => id.ToString());
        _ = watch.Look(Noon, View(1, 1)).Count();

        Assert.Equal(["n2 doesn't answer (DEGRADED  2/3 voters up, can lose 0)"], watch.Look(Noon, View(1, 1, down: 2)));
        Assert.Empty(watch.Look(Noon, View(1, 1, down: 2)));
        Assert.Empty(watch.Look(Noon, View(1, 1, lag: 5)));
        Assert.Equal(["n2 is back and has caught up (HEALTHY  3/3 voters up, can lose 1)"], watch.Look(Noon, View(1, 1)));
    }

    [Fact]
    public void Who_was_away_for_less_than_a_look_is_told_to_be_back_too()
    {
        var watch = new LeaderWatch(id => id.ToString());
        _ = watch.Look(Noon, View(1, 1)).Count();

        watch.Await("n2");

        Assert.Empty(watch.Look(Noon, View(1, 1, lag: 5)));
        Assert.Equal(["n2 is back and has caught up (HEALTHY  3/3 voters up, can lose 1)"], watch.Look(Noon, View(1, 1)));
        Assert.Empty(watch.Look(Noon, View(1, 1)));
    }

    [Fact]
    public void The_load_keeps_account()
    {
        Assert.Equal("load: 48 writes/s, 1 rejected, 2 unknown, slowest 348 ms", DemoLoad.Line(240, 1, 2, TimeSpan.FromMilliseconds(348), TimeSpan.FromSeconds(5)));
    }

    [Theory]
    [InlineData("--nodes: expected 1 to 9, found 10", "demo", "--nodes", "10")]
    [InlineData("--seconds: expected a number above zero, found 0", "demo", "--seconds", "0")]
    [InlineData("--port: expected 0 to 65526, found 65535", "demo", "--port", "65535")]
    public async Task What_the_demo_can_not_do_is_refused_before_anything_is_started(string expected, params string[] typed)
    {
        Assert.Contains(expected, (await new TestTerminal().ExpectAsync(2, typed)).Error, StringComparison.Ordinal);
    }

    private static MembersView View(ulong leader, ulong term, ulong down = 0, ulong lag = 0)
    {
        Membership membership = Membership.Of(1, 2, 3);
        ImmutableArray<MemberView> members =
        [
            .. membership.Members.ToArray().Select(member => new MemberView
            {
                Member = member,
                Address = "",
                Phase = CatchUpPhase.CaughtUp,
                Match = new LogIndex(10),
                Lag = member.Id.Value == 2 ? lag : 0,
                SilentFor = TimeSpan.FromMilliseconds(member.Id.Value == down ? 900 : 5),
                IsReachable = member.Id.Value != down,
            }),
        ];
        return new MembersView(new NodeId(leader), new Term(term), new LogIndex(1), new LogIndex(10), membership, IsChanging: false, members);
    }
}
