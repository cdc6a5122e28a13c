using Graft.Network;
using Graft.Storage;
using Graft.Tests;

namespace Graft.Server.Tests;

/// <summary>A server on a free port of this machine, with its log in memory and a database that is scripted; and a client of it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private TestServer(GraftServer server, ScriptedDatabase database, TestMachine machine, HttpMessageHandler handler, string scheme)
    {
        (Server, Database, Machine) = (server, database, machine);
        Client = new HttpCaller(new Uri($"{scheme}://{server.Address}"), handler);
    }

    internal GraftServer Server { get; }

    internal ScriptedDatabase Database { get; }

    internal TestMachine Machine { get; }

    internal HttpCaller Client { get; }

    /// <summary>For nodes that are several: a busy machine mustn't depose a leader in the middle of a story.</summary>
    internal static void BeCalm(ServerOptions options) => options.ConfigureNode += static node => node.ElectionTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>Founds a cluster, or joins that of another server.</summary>
    internal static async Task<TestServer> StartAsync(Action<ServerOptions>? configure = null, TestServer? join = null, HttpMessageHandler? handler = null)
    {
        var options = new ServerOptions
        {
            Listen = new NodeAddress("127.0.0.1", 0),
            Found = join is null,
            ConfigureNode = static node =>
            {
                (node.SegmentBytes, node.LogCacheBytes, node.CommandBytesMax) = (1 << 20, 1 << 20, 120 << 10);

                // A founder waits for it once.
                node.ElectionTimeout = TimeSpan.FromMilliseconds(50);
            },
        };
        if (join is not null)
        {
            options.Join.Add(join.Server.Address);
        }

        configure?.Invoke(options);
        var machine = new TestMachine();
        ScriptedDatabase? database = null;
        var seams = new ServerSeams { Disk = new MemoryDisk(), Machine = () => machine, Database = group => database = new ScriptedDatabase(group) };
        GraftServer server = await GraftServer.StartAsync(options, seams, TestContext.Current.CancellationToken);
        return new TestServer(server, database!, machine, handler ?? new SocketsHttpHandler { AllowAutoRedirect = false }, options.Tls is null ? "http" : "https");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
    }
}
