using System.Text;
using Graft.Tests;

namespace Graft.Client.Tests;

/// <summary>Clients in a world of nodes.</summary>
internal static class Clients
{
    internal static GraftClient Client(this NodeWorld world, string host, Func<ClientOptions, ClientOptions> change, params string[] seeds)
    {
        var options = new ClientOptions { Seeds = [.. seeds.Select(NodeWorld.At)] };
        var seams = new ClientSeams { Network = world.Network.At(host), Time = world.World.Time, Seed = (ulong)host[^1] };
        return new GraftClient(change(options), seams);
    }

    internal static GraftClient Client(this NodeWorld world, params string[] seeds) => world.Client("client", static options => options, seeds);

    internal static async Task<string> SayAsync(this GraftClient client, string command, TimeSpan timeout = default)
    {
        WriteResult result = await client.WriteAsync(Encoding.UTF8.GetBytes(command), timeout, CancellationToken.None);
        return Encoding.UTF8.GetString(result.Answer.Span);
    }

    internal static async Task<string> AskAsync(this GraftClient client, ReadConsistency consistency = default, TimeSpan timeout = default)
    {
        QueryResult result = await client.QueryAsync(default, consistency, timeout, CancellationToken.None);
        return Encoding.UTF8.GetString(result.Answer.Span);
    }

    internal static string NameOfLeader(this NodeWorld world) => world.Nodes.Single(pair => pair.Value.Group().IsLeader).Key;

    /// <summary>What the machine that leads has applied of one command.</summary>
    internal static int TimesApplied(this NodeWorld world, string command) =>
        world.Machines[world.NameOfLeader()].Applied.Count(applied => applied == command);

    internal static void CutOff(this NodeWorld world, string host)
    {
        foreach (string node in world.Nodes.Keys)
        {
            world.Network.Cut(host, node);
        }
    }

    internal static void HealAll(this NodeWorld world, string host)
    {
        foreach (string node in world.Nodes.Keys)
        {
            world.Network.Heal(host, node);
        }
    }

    /// <summary>Waits until somebody leads and has a quorum.</summary>
    internal static async Task SettleAsync(this NodeWorld world)
    {
        await world.World.UntilAsync(() => world.Nodes.Values.Count(node => node.Group().IsLeader) == 1, "one node leads");
        await NodeWorld.ReadAsync(world.Nodes.Values.First());
    }
}
