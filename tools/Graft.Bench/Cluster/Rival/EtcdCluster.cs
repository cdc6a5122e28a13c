using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Graft.Bench.Cluster.Rival.Wire;

namespace Graft.Bench.Cluster.Rival;

/// <summary>Members of etcd with its default settings, each a process, on loopback and with data on disk.</summary>
internal sealed class EtcdCluster : IMeasuredCluster
{
    private const string Flushes = "\netcd_disk_wal_fsync_duration_seconds_count ";

    private static readonly byte[] Ask = EtcdConnection.Frame(new StatusRequest());

    private readonly ClusterArguments _arguments;
    private readonly List<EtcdMember> _members = [];
    private int _leader;

    private EtcdCluster(ClusterArguments arguments) => _arguments = arguments;

    public TimeSpan Processor => _members.Aggregate(TimeSpan.Zero, static (sum, member) => sum + member.Processor);

    /// <inheritdoc cref="OwnCluster.StartAsync"/>
    internal static async Task<IMeasuredCluster> StartAsync(string script, ClusterArguments arguments, string root, CancellationToken cancellation)
    {
        // A pair for each member: for its peers, and for its clients.
        string[] ports = FreePorts(arguments.Nodes * 2);
        string members = string.Join(',', Enumerable.Range(0, arguments.Nodes).Select(each => $"member{each}=http://127.0.0.1:{ports[each * 2]}"));
        var cluster = new EtcdCluster(arguments);
        try
        {
            for (int each = 0; each < arguments.Nodes; each++)
            {
                (string peers, string clients) = ($"http://127.0.0.1:{ports[each * 2]}", $"http://127.0.0.1:{ports[(each * 2) + 1]}");
                string[] options =
                [
                    "--name", $"member{each}", "--data-dir", Path.Join(root, $"member{each}"),
                    "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
                    "--listen-client-urls", clients, "--advertise-client-urls", clients,
                    "--initial-cluster", members, "--initial-cluster-state", "new", "--initial-cluster-token", Path.GetFileName(root),
                    "--logger", "zap", "--log-outputs", "stderr", "--log-level", "error",

                    // Its default of 2 GiB is full after ten minutes of writes of 256 bytes.
                    "--quota-backend-bytes", (8L << 30).ToString(CultureInfo.InvariantCulture),
                ];
                int port = int.Parse(ports[(each * 2) + 1], CultureInfo.InvariantCulture);
                cluster._members.Add(await EtcdMember.StartAsync(script, port, options, cancellation));
            }

            cluster._leader = await cluster.FindLeaderAsync(cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task<long> CountFlushesAsync()
    {
        string metrics = await _members[_leader].Connection.MetricsAsync();
        int at = metrics.IndexOf(Flushes, StringComparison.Ordinal);
        return at < 0
            ? throw new BenchmarkFailedException($"etcd's metrics don't have{Flushes.Replace('\n', ' ')}.")
            : (long)double.Parse(metrics[(at + Flushes.Length)..].Split('\n')[0], CultureInfo.InvariantCulture);
    }

    public IMeasuredCaller Caller(int each) =>
        new EtcdCaller((ulong)each + 1, _members[_arguments.IsSpread ? each % _members.Count : _leader].Connection, _arguments);

    public async ValueTask DisposeAsync()
    {
        foreach (EtcdMember member in _members)
        {
            await member.DisposeAsync();
        }
    }

    // Once all of them know the same one, all of them serve.
    private async Task<int> FindLeaderAsync(CancellationToken cancellation)
    {
        for (int attempt = 0; attempt < 300; attempt++)
        {
            StatusResponse?[] said = await Task.WhenAll(_members.Select(member => StatusAsync(member, cancellation)));
            int leader = Array.FindIndex(said, status => status is not null && status.Leader == status.Header.MemberId);
            if (leader >= 0 && Array.TrueForAll(said, status => status?.Leader == said[leader]!.Leader))
            {
                return leader;
            }

            if (_members.Exists(static member => member.HasExited))
            {
                throw new IOException("A member of etcd has ended.");
            }

            await Task.Delay(100, cancellation);
        }

        throw new BenchmarkFailedException("Nobody leads etcd after 30 s.");
    }

    private static async Task<StatusResponse?> StatusAsync(EtcdMember member, CancellationToken cancellation)
    {
        try
        {
            return await member.Connection.CallAsync(member.Connection.Status, Ask, StatusResponse.Parser, cancellation);
        }
        catch (Exception starting) when (starting is HttpRequestException or EtcdCallException or IOException)
        {
            return null;
        }
    }

    // Reserved by the system for a moment, all at once, so that they differ. etcd has to know its peers' before they start.
    private static string[] FreePorts(int count)
    {
        List<TcpListener> listeners = [.. Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0))];
        listeners.ForEach(static listener => listener.Start());
        string[] ports = [.. listeners.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture))];
        listeners.ForEach(static listener => listener.Dispose());
        return ports;
    }
}
