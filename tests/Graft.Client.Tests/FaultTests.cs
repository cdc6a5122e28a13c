using Graft.Consensus;
using Graft.Tests;

namespace Graft.Client.Tests;

/// <summary>What a caller may assume, while connections and leaders are lost at moments that the seed draws.</summary>
public sealed class FaultTests
{
    private static readonly string[] Names = ["a", "b", "c"];

    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(1, 24).Select(static seed => (ulong)seed)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Each_write_takes_effect_once_or_is_unknown_and_then_settled(ulong seed) => NodeWorld.Play(
        async world =>
        {
            var random = new SeededRandom(seed);
            await world.StartThreeAsync();
            GraftClient[] clients = [.. Names.Select(name => world.Client($"client-{name}", static options => options, name))];
            var writes = new List<(string Command, GraftClient Client, Task<string> Task)>();
            bool isOver = false;
            Task faults = BreakAsync(world, random.Fork(), () => isOver);
            for (int i = 0; i < 60; i++)
            {
                GraftClient client = clients[random.Next(0, 2)];
                var timeout = TimeSpan.FromMilliseconds(random.Next(20, 4000));
                writes.Add(($"w{i}", client, client.SayAsync($"w{i}", timeout)));
                await world.World.DelayAsync(TimeSpan.FromMilliseconds(random.Next(0, 60)));
            }

            var outcomes = new List<(string Command, GraftClient Client, bool? IsDone, WriteId Write)>();
            foreach ((string command, GraftClient client, Task<string> task) in writes)
            {
                outcomes.Add(await OutcomeOfAsync(command, client, task));
            }

            isOver = true;
            await faults;
            await world.SettleAsync();
            foreach ((string command, GraftClient client, bool? isDone, WriteId write) in outcomes)
            {
                bool settled = isDone ?? await WriteTests.IsDoneAsync(client, write);
                Assert.True(world.TimesApplied(command) == (settled ? 1 : 0), $"{command} ({write}) was said to be {settled} (at first {isDone}), and applied {world.TimesApplied(command)} times.");
            }

            foreach (GraftClient client in clients)
            {
                await client.DisposeAsync();
            }
        },
        seed);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_hundred_pipelined_writes_survive_resets_in_order_of_their_own_answers(ulong seed) => NodeWorld.Play(
        async world =>
        {
            var random = new SeededRandom(seed);
            await world.StartThreeAsync();
            await using GraftClient client = world.Client("a", "b", "c");
            await client.SayAsync("first");

            Task<string>[] writes = [.. Enumerable.Range(0, 100).Select(i => client.SayAsync($"p{i}", TimeSpan.FromMinutes(1)))];
            for (int i = 0; i < 10; i++)
            {
                await Task.Yield();
                await world.World.DelayAsync(TimeSpan.FromMicroseconds(random.Next(0, 2000)));
                ResetAll(world, "client");
            }

            for (int i = 0; i < writes.Length; i++)
            {
                Assert.EndsWith($":p{i}", await writes[i], StringComparison.Ordinal);
                Assert.Equal(1, world.TimesApplied($"p{i}"));
            }
        },
        seed);

    private static async Task<(string Command, GraftClient Client, bool? IsDone, WriteId Write)> OutcomeOfAsync(
        string command, GraftClient client, Task<string> task)
    {
        try
        {
            Assert.EndsWith($":{command}", await task, StringComparison.Ordinal);
            return (command, client, true, default);
        }
        catch (RejectedException)
        {
            return (command, client, false, default);
        }
        catch (UnknownOutcomeException unknown)
        {
            return (command, client, null, unknown.Write);
        }
    }

    private static async Task BreakAsync(NodeWorld world, SeededRandom random, Func<bool> isOver)
    {
        string[] clients = ["client-a", "client-b", "client-c"];
        while (!isOver())
        {
            await world.World.DelayAsync(TimeSpan.FromMilliseconds(random.Next(1, 150)));
            string[] nodes = [.. world.Nodes.Keys];
            string node = nodes[random.Next(0, nodes.Length - 1)];
            string other = nodes[random.Next(0, nodes.Length - 1)];
            string client = clients[random.Next(0, 2)];
            switch (random.Next(0, 9))
            {
                case 0 when nodes.Length == 3:
                    await world.StopAsync(node);
                    await world.World.DelayAsync(TimeSpan.FromMilliseconds(random.Next(1, 500)));
                    await world.StartAsync(node, "a", "b", "c");
                    break;
                case 1:
                    world.Network.Cut(client, node);
                    await world.World.DelayAsync(TimeSpan.FromMilliseconds(random.Next(1, 2000)));
                    world.Network.Heal(client, node);
                    break;
                case 2 when node != other:
                    world.Network.Cut(node, other);
                    await world.World.DelayAsync(TimeSpan.FromMilliseconds(random.Next(1, 1500)));
                    world.Network.Heal(node, other);
                    break;
                case 3 when node != other:
                    world.Network.Reset(node, other);
                    break;
                default:
                    ResetAll(world, client);
                    break;
            }
        }
    }

    private static void ResetAll(NodeWorld world, string client)
    {
        foreach (string node in world.Nodes.Keys)
        {
            world.Network.Reset(client, node);
        }
    }
}
