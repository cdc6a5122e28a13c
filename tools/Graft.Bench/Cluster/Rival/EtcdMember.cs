using System.Diagnostics;
using System.Globalization;

namespace Graft.Bench.Cluster.Rival;

/// <summary>A process of etcd, and the script that ends it when this process ends.</summary>
internal sealed class EtcdMember : IAsyncDisposable
{
    private readonly Process _script;
    private Process? _etcd;

    private EtcdMember(Process script, int port) => (_script, Connection) = (script, new EtcdConnection(port));

    internal EtcdConnection Connection { get; }

    internal bool HasExited => _script.HasExited;

    internal TimeSpan Processor
    {
        get
        {
            _etcd!.Refresh();
            return _etcd.TotalProcessorTime;
        }
    }

    /// <param name="script">Which runs etcd.</param>
    /// <param name="port">Where it is called.</param>
    /// <param name="arguments">Of etcd.</param>
    /// <param name="cancellation">Given up; what was started is ended.</param>
    /// <exception cref="IOException">It ended instead; why, it has said on the standard error.</exception>
    internal static async Task<EtcdMember> StartAsync(string script, int port, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(script, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        var member = new EtcdMember(Process.Start(start) ?? throw new IOException($"{script} was not started."), port);
        try
        {
            string? id = await member._script.StandardOutput.ReadLineAsync(cancellation);
            member._etcd = Process.GetProcessById(int.Parse(id ?? "", CultureInfo.InvariantCulture));
            return member;
        }
        catch (Exception failure)
        {
            await member.DisposeAsync();
            throw failure is FormatException or ArgumentException ? new IOException("etcd ended at once.", failure) : failure;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Connection.Dispose();

        // The end of its input is what the script waits for.
        _script.StandardInput.Close();
        await _script.WaitForExitAsync();
        _script.Dispose();
        _etcd?.Dispose();
    }
}
