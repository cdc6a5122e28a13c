using Graft.Network;

namespace Graft.Server.Tests;

/// <summary>A whole server, as a program starts it: SQLite in a directory of its own.</summary>
internal sealed class SqliteServer : IAsyncDisposable
{
    private readonly string _directory;
    private readonly bool _ownsDirectory;

    private SqliteServer(GraftServer server, string directory, bool ownsDirectory)
    {
        (Server, _directory, _ownsDirectory) = (server, directory, ownsDirectory);
        Client = new HttpCaller(new Uri($"http://{server.Address}"), new SocketsHttpHandler { AllowAutoRedirect = false });
    }

    internal GraftServer Server { get; }

    internal HttpCaller Client { get; }

    /// <summary>Founds a cluster, or joins another server's.</summary>
    /// <param name="join">Whose.</param>
    /// <param name="directory">One that stays when the server is disposed; one that doesn't if null.</param>
    internal static async Task<SqliteServer> StartAsync(SqliteServer? join = null, string? directory = null)
    {
        string data = directory ?? Directory.CreateTempSubdirectory("graft-server-").FullName;
        var options = new ServerOptions
        {
            DataDirectory = data,
            Listen = new NodeAddress("127.0.0.1", 0),
            Found = join is null,
            ConfigureNode = static node =>
            {
                (node.SegmentBytes, node.LogCacheBytes) = (5 << 20, 9 << 20);
                node.ElectionTimeout = TimeSpan.FromMilliseconds(500);
            },
        };
        if (join is not null)
        {
            options.Join.Add(join.Server.Address);
        }

        return new SqliteServer(await GraftServer.StartAsync(options, TestContext.Current.CancellationToken), data, directory is null);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        if (_ownsDirectory)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }
}
