namespace Graft.Bench.Cluster.Rival;

/// <summary>etcd on this machine, if it is there: it's run by a script beside the other rivals'.</summary>
internal sealed record EtcdInstallation
{
    private const string Runner = "tools/rival-etcd-server/run";

    private EtcdInstallation(string? script, string description) => (Script, Description) = (script, description);

    /// <summary>Runs a member; null if there's nothing to run.</summary>
    internal string? Script { get; }

    /// <summary>Which version is measured, or why none is.</summary>
    internal string Description { get; }

    internal static EtcdInstallation LookUp()
    {
        string? script = RivalScript.Find(Runner);
        if (script is null)
        {
            return new EtcdInstallation(null, $"etcd 3.4.23, other run: {Runner} is not above {AppContext.BaseDirectory}.");
        }

        (int status, string output, string errors) = RivalScript.Execute(script, ["--version"]);
        return status == 0
            ? new EtcdInstallation(script, output.Trim())
            : new EtcdInstallation(null, $"etcd 3.4.23, other run: it could not be measured here.\n{errors.Trim()}");
    }

    /// <summary>Calls per second of 3 processes, noted on a 2-core machine with etcd 3.4.23, a fresh store and 256 bytes: the order of magnitude.</summary>
    internal static double? NotedElsewhere(ClusterArguments arguments) => (arguments.Nodes, arguments.Read, arguments.Clients) switch
    {
        (3, null, 1) => 1_000,
        (3, null, 64) => 8_400,
        (3, null, 1000) => 15_000,
        (3, "linearizable", 1) => 2_400,
        (3, "linearizable", 64) => 16_500,
        (3, "linearizable", 1000) => 21_000,
        _ => null,
    };
}
