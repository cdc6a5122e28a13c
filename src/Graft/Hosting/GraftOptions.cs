namespace Graft;

/// <summary>A node's options as a configuration section has them: texts and numbers. Ranges and defaults are those of <see cref="NodeOptions"/>.</summary>
public sealed class GraftOptions
{
    /// <summary>Where the node keeps its log and its snapshots. Required.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>Where to listen, as <c>host:port</c>; port 0 takes any free one. By default that, and on this machine alone.</summary>
    public string Listen { get; set; } = "127.0.0.1:0";

    /// <summary>Where other nodes reach this one, as <c>host:port</c>, if not where it listens. Required beside a <see cref="Listen"/> of 0.0.0.0 or [::].</summary>
    public string? Advertised { get; set; }

    /// <inheritdoc cref="NodeOptions.ClientConnectionsMax"/>
    public int ClientConnectionsMax { get; set; } = 1024;

    /// <summary>The addresses of a cluster to join, each as <c>host:port</c>. Without any, an empty directory founds a new cluster.</summary>
    public IList<string> Join { get; } = [];

    /// <summary>As what to join: <c>Voter</c>, <c>Learner</c> or <c>Witness</c>.</summary>
    public MemberKind JoinAs { get; set; } = MemberKind.Voter;

    /// <inheritdoc cref="NodeOptions.JoinTimeout"/>
    public TimeSpan JoinTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc cref="NodeOptions.ForceNew"/>
    public bool ForceNew { get; set; }

    /// <inheritdoc cref="NodeOptions.LeaveOnStop"/>
    public bool LeaveOnStop { get; set; }

    /// <inheritdoc cref="NodeOptions.LeaveTimeout"/>
    public TimeSpan LeaveTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="NodeOptions.ElectionTimeout"/>
    public TimeSpan ElectionTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc cref="NodeOptions.DefaultTimeout"/>
    public TimeSpan DefaultTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="NodeOptions.ClockBound"/>
    public TimeSpan ClockBound { get; set; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="NodeOptions.SnapshotLogBytes"/>
    public long SnapshotLogBytes { get; set; } = 64 << 20;

    /// <summary>The same as the node takes it.</summary>
    /// <exception cref="ArgumentException">Something is out of range; the message names all of it.</exception>
    internal NodeOptions ToNodeOptions()
    {
        List<string> wrong = [];
        var options = new NodeOptions
        {
            DataDirectory = DataDirectory,
            Listen = Parse(Listen, nameof(Listen)) ?? default,
            Advertised = Advertised is null ? null : Parse(Advertised, nameof(Advertised)),
            ClientConnectionsMax = ClientConnectionsMax,
            Found = Join.Count == 0,
            JoinAs = JoinAs,
            JoinTimeout = JoinTimeout,
            ForceNew = ForceNew,
            LeaveOnStop = LeaveOnStop,
            LeaveTimeout = LeaveTimeout,
            ElectionTimeout = ElectionTimeout,
            DefaultTimeout = DefaultTimeout,
            ClockBound = ClockBound,
            SnapshotLogBytes = SnapshotLogBytes,
        };
        foreach (string address in Join)
        {
            if (Parse(address, nameof(Join)) is { } parsed)
            {
                options.Join.Add(parsed);
            }
        }

        try
        {
            options.Validate(hasDisk: false);
        }
        catch (ArgumentException invalid)
        {
            wrong.Add(invalid.Message);
        }

        return wrong.Count == 0 ? options : throw new ArgumentException(string.Join(" ", wrong), paramName: null);

        Network.NodeAddress? Parse(string text, string name)
        {
            if (Network.NodeAddress.TryParse(text, out Network.NodeAddress address, out string error))
            {
                return address;
            }

            wrong.Add($"{name}: {error}");
            return null;
        }
    }
}
