using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Graft.Bench.Http;

/// <summary>rqlite's servers, with its defaults.</summary>
internal sealed class RqliteCluster : IHttpCluster
{
    private const int Nodes = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<ServerChild> _servers = [];

    public Uri Leader { get; private set; } = new("http://127.0.0.1");

    /// <param name="program">rqlited.</param>
    /// <param name="root">Their data is kept below it.</param>
    /// <param name="cancellation">Given up; what was started is ended.</param>
    /// <exception cref="IOException">A server didn't start.</exception>
    internal static async Task<IHttpCluster> StartAsync(string program, string root, CancellationToken cancellation)
    {
        var cluster = new RqliteCluster();
        try
        {
            int[] ports = FreePorts(2 * Nodes);
            using var http = new HttpClient();
            for (int node = 0; node < Nodes; node++)
            {
                string[] join = node == 0 ? [] : ["-join", At(ports[1])];
                cluster._servers.Add(ServerChild.Start(
                    program,
                    [
                        "-node-id", string.Create(CultureInfo.InvariantCulture, $"n{node}"), "-http-addr", At(ports[2 * node]), "-raft-addr", At(ports[(2 * node) + 1]), .. join,
                        Path.Join(root, $"rqlite{node}"),
                    ]));
                await cluster.AwaitReadyAsync(http, new Uri($"http://{At(ports[2 * node])}/readyz"), cancellation);
            }

            cluster.Leader = new Uri($"http://{At(ports[0])}");
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

    private static string At(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    // Another process may take one in between; the start fails then, and says so.
    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0))];
        try
        {
            foreach (TcpListener listener in listeners)
            {
                listener.Start();
            }

            return [.. listeners.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (TcpListener listener in listeners)
            {
                listener.Dispose();
            }
        }
    }

    private async Task AwaitReadyAsync(HttpClient http, Uri ready, CancellationToken cancellation)
    {
        for (TimeSpan waited = default; waited < Patience; waited += TimeSpan.FromMilliseconds(100))
        {
            _servers[^1].ExpectRunning();
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(ready, cancellation);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It doesn't listen yet.
            }

            await Task.Delay(100, cancellation);
        }

        throw new IOException($"rqlite isn't ready after {Patience.TotalSeconds:0} s.");
    }
}
