using System.Text.Json;

namespace Graft.Bench.Http;

/// <summary>Our servers: <c>graft start</c>, three times.</summary>
internal sealed class OwnHttpCluster : IHttpCluster
{
    private const int Nodes = 3;

    private readonly List<ServerChild> _servers = [];

    public Uri Leader { get; private set; } = new("http://127.0.0.1");

    /// <param name="root">Their data is kept below it.</param>
    /// <param name="cancellation">Given up; what was started is ended.</param>
    /// <exception cref="IOException">A server didn't start.</exception>
    internal static async Task<IHttpCluster> StartAsync(string root, CancellationToken cancellation)
    {
        var cluster = new OwnHttpCluster();
        try
        {
            string program = Path.Join(AppContext.BaseDirectory, "Graft.Cli.dll");
            string? founder = null;
            for (int node = 0; node < Nodes; node++)
            {
                string[] peer = founder is null ? ["--bootstrap"] : ["-c", founder];
                var server = ServerChild.Start(
                    "dotnet", [program, "start", "127.0.0.1:0", .. peer, "--data", Path.Join(root, $"own{node}"), "--log-level", "warn", "--json", "--tied"]);
                cluster._servers.Add(server);
                using JsonDocument ready = JsonDocument.Parse(await server.ReadLineAsync(cancellation));
                founder ??= ready.RootElement.GetProperty("address").GetString();
            }

            // Nobody else has had a reason to stand for election.
            cluster.Leader = new Uri($"http://{founder}");
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ServerChild server in _servers)
        {
            await server.DisposeAsync();
        }
    }
}
