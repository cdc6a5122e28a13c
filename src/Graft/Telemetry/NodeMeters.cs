using System.Diagnostics.Metrics;
using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft;

/// <summary>A node's instruments. docs/operations/metrics.md has each of them, and a test compares the two.</summary>
/// <remarks>
/// One meter for each node, which carries the node's id as its tag. Nothing is measured that nobody listens to: clocks are read only for
/// an instrument that is enabled. A listener's callback runs where something is measured, also in a group's turn: it has to be quick.
/// </remarks>
internal sealed class NodeMeters : IDisposable
{
    internal const string MeterName = "graft";

    // From a flush of fast memory to an election on a slow network, in seconds.
    private static readonly InstrumentAdvice<double> Latency = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private static readonly InstrumentAdvice<long> Count = new() { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] };

    private static readonly InstrumentAdvice<long> Size = new()
    {
        HistogramBucketBoundaries = [1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20],
    };

    private readonly Meter _meter;
    private readonly Func<GroupActor[]> _groups;

    internal NodeMeters(NodeId node, Func<GroupActor[]> groups)
    {
        _groups = groups;
        _meter = new Meter(MeterName, version: null, [new("graft.node", node.ToString())]);
        WriteDuration = Durations("graft.write.duration", "From the call of a write to its outcome, at the node that took it.");
        QueueDuration = Durations("graft.write.queue.duration", "From the call of a write to its place in the leader's log, at the leader.");
        CommitDuration = Durations("graft.write.commit.duration", "From a write's place in the leader's log until a quorum has it, at the leader.");
        Overloads = _meter.CreateCounter<long>("graft.write.overloads", "{write}", "Writes that were refused because too many bytes wait.");
        ReadDuration = Durations("graft.read.duration", "From the call of a read to its answer or refusal.");
        ApplyDuration = Durations("graft.apply.duration", "From a batch's submission to the state machine until it is applied.");
        ApplyEntries = _meter.CreateHistogram("graft.apply.entries", "{entry}", "Entries of one batch for the state machine.", tags: null, Count);
        FlushDuration = Durations("graft.log.flush.duration", "One write and flush of the log.");
        FlushBytes = _meter.CreateHistogram("graft.log.flush.size", "By", "Bytes that one flush made durable.", tags: null, Size);
        FlushWrites = _meter.CreateHistogram("graft.log.flush.writes", "{write}", "Orders of groups that one flush made durable.", tags: null, Count);
        FlushEntries = _meter.CreateHistogram("graft.log.flush.entries", "{entry}", "Entries that one flush made durable.", tags: null, Count);
        Elections = _meter.CreateCounter<long>("graft.elections", "{election}", "Elections that this node stood for.");
        LeaderChanges = _meter.CreateCounter<long>("graft.leader.changes", "{change}", "New leaders that this node heard of, itself included.");
        SnapshotsTaken = _meter.CreateCounter<long>("graft.snapshots.taken", "{snapshot}", "Snapshots of its own state that this node wrote.");
        SnapshotsInstalled = _meter.CreateCounter<long>("graft.snapshots.installed", "{snapshot}", "Snapshots of another node that this node took its state from.");
        Observe();
    }

    internal Histogram<double> WriteDuration { get; }

    internal Histogram<double> QueueDuration { get; }

    internal Histogram<double> CommitDuration { get; }

    internal Counter<long> Overloads { get; }

    internal Histogram<double> ReadDuration { get; }

    internal Histogram<double> ApplyDuration { get; }

    internal Histogram<long> ApplyEntries { get; }

    internal Histogram<double> FlushDuration { get; }

    internal Histogram<long> FlushBytes { get; }

    internal Histogram<long> FlushWrites { get; }

    internal Histogram<long> FlushEntries { get; }

    internal Counter<long> Elections { get; }

    internal Counter<long> LeaderChanges { get; }

    internal Counter<long> SnapshotsTaken { get; }

    internal Counter<long> SnapshotsInstalled { get; }

    /// <summary>The node's links; null while it has no network.</summary>
    internal Func<NodeId, LinkStatus?>? LinkOf { get; set; }

    public void Dispose() => _meter.Dispose();

    private Histogram<double> Durations(string name, string description) => _meter.CreateHistogram(name, "s", description, tags: null, Latency);

    internal void Flushed(FlushReport flush)
    {
        FlushDuration.Tell(flush.Elapsed.TotalSeconds);
        FlushBytes.Tell(flush.Bytes);
        FlushWrites.Tell(flush.Writes);
        FlushEntries.Tell(flush.Entries);
    }

    private void Observe()
    {
        Gauge("graft.group.leader", "{leader}", "1 if this node leads the group, else 0.", static group => group.View.Role == Role.Leader ? 1 : 0);
        Gauge("graft.group.led", "{group}", "1 if this node knows a leader of the group, else 0.", static group => group.View.Leader is null ? 0 : 1);
        Gauge("graft.group.term", "{term}", "The group's term.", static group => (long)group.View.Term.Value);
        Gauge("graft.log.commit", "{entry}", "The last entry that this node knows to be committed.", static group => (long)group.View.Commit.Value);
        Gauge("graft.log.applied", "{entry}", "The last entry that this node's state machine has applied.", static group => (long)group.View.Applied.Value);
        Gauge("graft.log.tail.size", "By", "Bytes of entries in memory.", static group => group.TailBytes);
        Gauge("graft.write.queue.size", "By", "Bytes of commands that aren't in a log yet.", static group => group.QueuedBytes);
        _meter.CreateObservableGauge(
            "graft.member.lag", MemberLags, "{entry}", "How many entries a member is behind its leader, as of the last look; told by the leader.");
        _meter.CreateObservableGauge(
            "graft.link.connected", () => Links<long>(static link => link.IsConnected ? 1 : 0), "{link}", "1 if this node's link to a member is up, else 0.");
        _meter.CreateObservableGauge(
            "graft.link.queue.size", () => Links<long>(static link => link.QueuedBytes), "By", "Bytes that wait to be sent to a member.");
        _meter.CreateObservableGauge(
            "graft.link.round_trip", () => Links<double>(static link => link.RoundTrip?.TotalSeconds), "s", "The last ping to a member that was answered; absent while there is none.");
        _meter.CreateObservableCounter(
            "graft.link.drops", () => Links<long>(static link => link.Drops), "{message}", "Messages to a member that were dropped. Raft sends them again.");
    }

    private void Gauge(string name, string unit, string description, Func<GroupActor, long> value) =>
        _meter.CreateObservableGauge(name, () => Array.ConvertAll(_groups(), group => new Measurement<long>(value(group), group.Meters.Tag)), unit, description);

    private List<Measurement<long>> MemberLags()
    {
        List<Measurement<long>> lags = [];
        foreach (GroupActor group in _groups())
        {
            foreach (MemberStatus member in group.LookAtMembers())
            {
                lags.Add(new Measurement<long>((long)member.Lag, group.Meters.Tag, new("graft.peer", member.Member.Id.ToString())));
            }
        }

        return lags;
    }

    private List<Measurement<T>> Links<T>(Func<LinkStatus, T?> value)
        where T : struct
    {
        var nodes = new SortedSet<NodeId>();
        foreach (GroupActor group in _groups())
        {
            foreach (Member member in group.View.Membership.Members)
            {
                nodes.Add(member.Id);
            }
        }

        List<Measurement<T>> links = [];
        foreach (NodeId node in nodes)
        {
            if (LinkOf?.Invoke(node) is { } link && value(link) is { } measured)
            {
                links.Add(new Measurement<T>(measured, new KeyValuePair<string, object?>("graft.peer", node.ToString())));
            }
        }

        return links;
    }
}
