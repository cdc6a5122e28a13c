using Graft.Network;
using Graft.Sqlite;
using Microsoft.Extensions.Logging;

namespace Graft.Server;

/// <summary>What a server is told at its start. A value out of its range refuses the start, before anything is written.</summary>
public sealed class ServerOptions
{
    /// <summary>Where the node keeps its log, its snapshots and the database. Required; one process at a time.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>Where to listen, for clients and for other nodes alike: there is one port. Port 0 takes any free one.</summary>
    /// <remarks>Beyond loopback only if <see cref="AllowAnonymousBeyondLoopback"/> says so: this version has no authentication.</remarks>
    public NodeAddress Listen { get; set; } = new("127.0.0.1", 4001);

    /// <summary>Where others reach this node, if not where it listens. Required if it listens on 0.0.0.0 or [::].</summary>
    public NodeAddress? Advertised { get; set; }

    /// <summary>What people call this node; in its status and nowhere else. Its id is drawn when its directory is born.</summary>
    public string? Name { get; set; }

    /// <summary>On an empty directory: found a cluster with this node as its only member. Excludes <see cref="Join"/>; a directory that belongs to a cluster is started as what it is.</summary>
    public bool Found { get; set; }

    /// <summary>On an empty directory: join the cluster of whoever answers at one of these addresses.</summary>
    public IList<NodeAddress> Join { get; } = [];

    /// <summary>As what to join; a voter by default.</summary>
    public MemberKind JoinAs { get; set; } = MemberKind.Voter;

    /// <summary>TLS for everything on the port: HTTPS for clients, and the connections between nodes. Plain if null.</summary>
    /// <remarks>With <see cref="TlsOptions.RequiresClientCertificate"/> clients of HTTP have to show a certificate too.</remarks>
    public TlsOptions? Tls { get; set; }

    /// <summary>Listen beyond loopback although whoever reaches the port may read, write and administer. For a network that is trusted as a whole.</summary>
    public bool AllowAnonymousBeyondLoopback { get; set; }

    /// <summary>Names beside <see cref="Listen"/> and <see cref="Advertised"/> that requests may name as their host, without a port. <c>*</c> stands for all.</summary>
    /// <remarks>
    /// A page that somebody looks at can have its own name point at this machine, and would then be let in by the browser. IP addresses and
    /// localhost are always taken: no such page has one as its name.
    /// </remarks>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>Origins, such as <c>https://admin.example</c>, whose pages may call this server from a browser. <c>*</c> stands for all.</summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>The longest body of a request, in bytes; above zero. What it writes has to fit <see cref="NodeOptions.CommandBytesMax"/> as well.</summary>
    public long RequestBytesMax { get; set; } = 16 << 20;

    /// <summary>The longest database file that is taken to be loaded, in bytes; above zero. It lies below <see cref="DataDirectory"/> until the log has it.</summary>
    public long LoadBytesMax { get; set; } = 8L << 30;

    /// <summary>Bytes of bodies that are under way at one time; at least <see cref="RequestBytesMax"/>. A request beyond is refused as busy.</summary>
    public long RequestsBytesMax { get; set; } = 256 << 20;

    /// <summary>How long a request may take that names no <c>timeout</c>; above zero.</summary>
    public TimeSpan DefaultTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections of HTTP clients at one time; above zero. One more is closed. Nodes have places of their own.</summary>
    public int HttpConnectionsMax { get; set; } = 4096;

    /// <summary>Queued writes that may wait; above zero. One more is refused as busy.</summary>
    public int QueueRequestsMax { get; set; } = 1024;

    /// <summary>How long a stop waits for requests that are under way, and for queued writes; not negative.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Where the node and the web server log; nowhere if null.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>A library of SQLite, by path or by a name that the system finds; the bundled one if null. The same version on every node.</summary>
    public string? SqliteLibrary { get; set; }

    /// <summary>Whether foreign keys are enforced; the same on every node.</summary>
    public bool ForeignKeys { get; set; } = true;

    /// <summary>Says the rest of what a node can be told; called once, behind what these options say.</summary>
    public Action<NodeOptions>? ConfigureNode { get; set; }

    private string Uploads => Path.Combine(DataDirectory ?? Path.GetTempPath(), "uploads");

    /// <summary>What an earlier life was in the middle of; nobody waits for it any more.</summary>
    internal void DeleteUploads()
    {
        if (DataDirectory is not null && Directory.Exists(Uploads))
        {
            Directory.Delete(Uploads, recursive: true);
        }
    }

    /// <summary>A name for a file that is being uploaded.</summary>
    internal string NewUpload()
    {
        Directory.CreateDirectory(Uploads);
        return Path.Combine(Uploads, Path.GetRandomFileName());
    }

    internal SqliteOptions SqliteOptions() => new()
    {
        Directory = Path.Combine(DataDirectory!, "sqlite"),
        Library = SqliteLibrary,
        ForeignKeys = ForeignKeys,
    };

    /// <exception cref="ArgumentException">A value is out of its range, or two don't go together; the message names them all.</exception>
    internal void Validate(bool hasDisk)
    {
        List<string> wrong = [];
        Require(hasDisk || !string.IsNullOrWhiteSpace(DataDirectory), "DataDirectory: the directory for log, snapshots and database is required.");
        Require(Advertised is null ? !Listen.IsAny : !Advertised.Value.IsAny, $"Advertised must say where others reach this node: {Advertised ?? Listen} is every address of a machine.");
        Require(
            Listen.IsLoopback || AllowAnonymousBeyondLoopback,
            $"Listen ({Listen}) is reached from other machines, and whoever reaches it may do anything. Listen on 127.0.0.1, or set AllowAnonymousBeyondLoopback if that network is trusted.");
        Require(RequestBytesMax > 0, $"RequestBytesMax ({RequestBytesMax}) must be above zero.");
        Require(LoadBytesMax > 0, $"LoadBytesMax ({LoadBytesMax}) must be above zero.");
        Require(RequestsBytesMax >= RequestBytesMax, $"RequestsBytesMax ({RequestsBytesMax}) must be at least RequestBytesMax ({RequestBytesMax}).");
        Require(DefaultTimeout > TimeSpan.Zero, $"DefaultTimeout ({DefaultTimeout}) must be above zero.");
        Require(HttpConnectionsMax > 0, $"HttpConnectionsMax ({HttpConnectionsMax}) must be above zero.");
        Require(QueueRequestsMax > 0, $"QueueRequestsMax ({QueueRequestsMax}) must be above zero.");
        Require(DrainTimeout >= TimeSpan.Zero, $"DrainTimeout ({DrainTimeout}) must not be below zero.");
        Require(!Found || Join.Count == 0, "Found and Join exclude each other: a node founds a cluster or joins one.");
        if (wrong.Count > 0)
        {
            throw new ArgumentException(string.Join(" ", wrong), paramName: null);
        }

        void Require(bool holds, string rule)
        {
            if (!holds)
            {
                wrong.Add(rule);
            }
        }
    }
}
