using Graft.Consensus;
using Graft.Network;
using Microsoft.Extensions.Logging;

namespace Graft;

/// <summary>What a node is told at its start. A value out of its range refuses the start, before anything is written.</summary>
public sealed class NodeOptions
{
    /// <summary>Where the node keeps its log and its snapshots. One process at a time; born with an id of its own. Required, unless <see cref="NodeSeams.Disk"/> is it.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>Where to listen. Port 0 takes any free one. By default that, on 127.0.0.1: other machines don't reach it.</summary>
    public NodeAddress Listen { get; set; } = new("127.0.0.1", 0);

    /// <summary>Where other nodes reach this one, if not where it listens: behind a container's or a router's address, say. Required if it listens on 0.0.0.0 or [::].</summary>
    public NodeAddress? Advertised { get; set; }

    /// <summary>Connections of clients at one time. One more is refused as busy, and its client goes to another node; nodes have places of their own.</summary>
    public int ClientConnectionsMax { get; set; } = 1024;

    /// <summary>
    /// On an empty directory: found a cluster with this node as its only member. A directory that belongs to a cluster is started as
    /// what it is, whatever this says. Excludes <see cref="Join"/>.
    /// </summary>
    public bool Found { get; set; }

    /// <summary>
    /// Found at once, without listening first whether a cluster takes this address for one of its members (some six seconds, and not at all
    /// on a loopback address or at port 0). For a second cluster in a first one's place, on purpose.
    /// </summary>
    public bool ForceNew { get; set; }

    /// <summary>
    /// Groups beside <see cref="GraftNode.DefaultGroup"/>: founded with the cluster, and joined with it. An idle group costs some memory and nothing else.
    /// </summary>
    public IList<GroupId> Groups { get; } = [];

    /// <summary>On an empty directory: join the cluster of whoever answers at one of these addresses.</summary>
    public IList<NodeAddress> Join { get; } = [];

    /// <summary>As what to join; a voter by default. A voter begins as a learner and is promoted once it has caught up.</summary>
    public MemberKind JoinAs { get; set; } = MemberKind.Voter;

    /// <summary>Told how the node catches up while it joins, up to ten times a second; of each group that it joins.</summary>
    public IProgress<CatchUpProgress>? JoinProgress { get; set; }

    /// <summary>
    /// A graceful stop takes the node out of its cluster first: leadership is handed over, the node removed. The last voter can't leave
    /// and just stops, and so does a node that can't leave within <see cref="LeaveTimeout"/>.
    /// </summary>
    /// <remarks>For nodes that don't come back: one that is only restarted stays a member, and the cluster waits for it.</remarks>
    public bool LeaveOnStop { get; set; }

    /// <summary>How long leaving may hold a stop up, for each group of the node; above zero.</summary>
    public TimeSpan LeaveTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>T: the least time without a leader before a node stands for election; the real one is drawn from [T, 1.5 T). From 50 ms to a minute.</summary>
    /// <remarks>500 ms: ten heartbeats may be lost, and a pause of a large heap's collection still costs no leader.</remarks>
    public TimeSpan ElectionTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a call may take that names no time of its own; above zero.</summary>
    public TimeSpan DefaultTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long joining a group may take before the start fails: until somebody answers, and then until this node has caught up; above zero. A node
    /// that was added by then stays a member and can be removed.
    /// </summary>
    public TimeSpan JoinTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The largest command, in bytes: at most 7 MiB. A larger one is rejected. An entry has to fit an eighth of <see cref="LogCacheBytes"/> and a quarter of <see cref="SegmentBytes"/>: raise those first.</summary>
    public int CommandBytesMax { get; set; } = 1 << 20;

    /// <summary>Log behind the newest snapshot that calls for another one, in bytes, at least; above zero. With a large snapshot four times its size, if that is more.</summary>
    public long SnapshotLogBytes { get; set; } = 64 << 20;

    /// <summary>Entries that are kept behind a snapshot for followers that are a little late.</summary>
    public ulong TrailingEntries { get; set; } = 10_000;

    /// <summary>How long after a comparison of states the next one comes, if anything was written since; never if zero.</summary>
    /// <remarks>
    /// Only for state machines that are <see cref="IDigest"/>. Ten minutes: a digest may read the whole state, and what is found has been
    /// wrong for that long at most.
    /// </remarks>
    public TimeSpan CompareInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How far this node's wall clock may be ahead of those of most voters. Beyond that it hands leadership over as soon as it leads, and says so
    /// (event 1214): the time that state machines are told never goes back, so a clock that is years ahead would stop it for years.
    /// </summary>
    /// <remarks>Ten seconds: far beyond what synchronized clocks differ by, and little to wait for if one got through.</remarks>
    public TimeSpan ClockBound { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Told what somebody has to act on; may come from any thread, and had better return soon.</summary>
    public Action<GroupAlarm>? OnAlarm { get; set; }

    /// <summary>Gets a line for each thing worth one: leaders, members, links, snapshots, a disk that is full or slow, overload.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>Size of a segment of the log, in bytes: 64 KiB to 1 GiB, a multiple of 4 KiB. Two are made at the start, written with zeros ahead of their use.</summary>
    public long SegmentBytes { get; set; } = 16 << 20;

    /// <summary>How much of the log's end is kept in memory for followers that are behind, in bytes: 64 KiB to 1 GiB. All groups share it.</summary>
    public int LogCacheBytes { get; set; } = 16 << 20;

    /// <exception cref="ArgumentException">A value is out of its range, or two don't go together; the message names them all.</exception>
    internal void Validate(bool hasDisk)
    {
        List<string> wrong = [];
        Require(hasDisk || !string.IsNullOrWhiteSpace(DataDirectory), "DataDirectory: the directory for log and snapshots is required.");
        Require(Advertised is null ? !Listen.IsAny : !Advertised.Value.IsAny, $"Advertised must say where other nodes reach this one: {Advertised ?? Listen} is every address of a machine, and so of theirs.");
        Require(ClientConnectionsMax > 0, $"ClientConnectionsMax ({ClientConnectionsMax}) must be above zero.");
        Require(ElectionTimeout >= TimeSpan.FromMilliseconds(50) && ElectionTimeout <= TimeSpan.FromMinutes(1), $"ElectionTimeout ({ElectionTimeout}) must lie between 50 ms and a minute.");
        Require(DefaultTimeout > TimeSpan.Zero, $"DefaultTimeout ({DefaultTimeout}) must be above zero.");
        Require(JoinTimeout > TimeSpan.Zero, $"JoinTimeout ({JoinTimeout}) must be above zero.");
        Require(LeaveTimeout > TimeSpan.Zero, $"LeaveTimeout ({LeaveTimeout}) must be above zero.");
        Require(CommandBytesMax is > 0 and <= 7 << 20, $"CommandBytesMax ({CommandBytesMax}) must lie between 1 and {7 << 20}: a command has to fit a message.");
        Require(CommandBytesMax + 128 <= Math.Min(LogCacheBytes / 8, SegmentBytes / 4), $"CommandBytesMax ({CommandBytesMax}) must be at most an eighth of LogCacheBytes ({LogCacheBytes}) and a quarter of SegmentBytes ({SegmentBytes}).");
        Require(ClockBound > TimeSpan.Zero, $"ClockBound ({ClockBound}) must be above zero.");
        Require(SnapshotLogBytes > 0, $"SnapshotLogBytes ({SnapshotLogBytes}) must be above zero.");
        Require(CompareInterval >= TimeSpan.Zero, $"CompareInterval ({CompareInterval}) must not be below zero.");
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
