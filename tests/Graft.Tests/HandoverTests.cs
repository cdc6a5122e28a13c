namespace Graft.Tests;

/// <summary>Leadership that changes hands on purpose costs writes some round trips, and no timeout or heartbeat.</summary>
public sealed class HandoverTests
{
    // The network of these worlds takes no time, so whatever is seen here is a timer that somebody waits for. A heartbeat comes after 50 ms.
    private static readonly TimeSpan GapMax = TimeSpan.FromMilliseconds(10);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_transfer_keeps_nobody_waiting(ulong seed) => Play(seed, async world => await world.Leader.Group().TransferLeadershipAsync(null, default, CancellationToken.None));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_graceful_stop_of_the_leader_keeps_nobody_waiting(ulong seed) =>
        Play(seed, async world => await world.StopAsync(world.Nodes.Single(static pair => pair.Value.Group().IsLeader).Key));

    private static void Play(ulong seed, Func<NodeWorld, Task> handOver) => NodeWorld.Play(
        async world =>
        {
            await world.StartThreeAsync();
            bool isOver = false;
            TimeSpan gap = TimeSpan.Zero;
            TimeSpan last = world.World.Time.Elapsed;
            Task[] writers = [.. world.Nodes.ToArray().Select(pair => WriteOnAsync(pair.Key, pair.Value))];
            await world.World.DelayAsync(TimeSpan.FromMilliseconds(50));
            gap = TimeSpan.Zero;
            Consensus.NodeId leader = world.Leader.Id;

            await handOver(world);

            await world.World.DelayAsync(TimeSpan.FromMilliseconds(150));
            isOver = true;
            foreach (Task writer in writers)
            {
                await writer;
            }

            Assert.NotEqual(leader, world.Leader.Id);
            Assert.True(gap < GapMax, $"{gap.TotalMilliseconds} ms without writes.");

            async Task WriteOnAsync(string name, GraftNode node)
            {
                while (!isOver && world.Nodes.ContainsKey(name))
                {
                    try
                    {
                        await NodeWorld.WriteAsync(node, "x");
                        TimeSpan now = world.World.Time.Elapsed;
                        (gap, last) = (now - last > gap ? now - last : gap, now);
                    }
                    catch (GraftException) when (!world.Nodes.ContainsKey(name))
                    {
                        // The node that it wrote through is being stopped.
                        return;
                    }

                    await world.World.DelayAsync(TimeSpan.FromMilliseconds(1));
                }
            }
        },
        seed);
}
