using Graft.Consensus;
using Graft.Network;
using Graft.Storage;
using Microsoft.Extensions.Logging;

namespace Graft;

/// <summary>What a node writes into its host's log while it runs. docs/operations/events.md has each line, and a test compares the two.</summary>
/// <remarks>
/// The logger is the application's code, so it's called in turns of this actor's own, in the order of what happened. What can come in
/// a storm costs one line a second.
/// </remarks>
internal sealed partial class NodeEvents : Actor
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger;
    private readonly NodeId _node;
    private readonly NodeClock _clock;
    private readonly Lock _gate = new();
    private readonly Dictionary<(int Id, NetworkEventKind? Kind, NodeId? Peer), (Instant Until, long Omitted)> _storms = [];
    private List<Action<ILogger>> _lines = [];
    private List<Action<ILogger>> _writing = [];

    internal NodeEvents(ILogger logger, NodeId node, NodeScheduler scheduler, INodeFailure failure, NodeClock clock)
        : base(scheduler, failure) => (_logger, _node, _clock) = (logger, node, clock);

    internal void Leads(GroupId group, Term term) => Write(logger => Log.Leads(logger, _node, group, term));

    internal void LeadsNoMore(GroupId group, Term term) => Write(logger => Log.LeadsNoMore(logger, _node, group, term));

    internal void Follows(GroupId group, Term term, NodeId leader) => Write(logger => Log.Follows(logger, _node, leader, group, term));

    internal void Leaderless(GroupId group, Term term) => Write(logger => Log.Leaderless(logger, _node, group, term));

    internal void Members(GroupId group, LogIndex index, Membership members) => Write(logger => Log.Members(logger, _node, group, members, index));

    internal void SnapshotTaken(GroupId group, Snapshot snapshot) => Write(logger => Log.SnapshotTaken(logger, _node, group, snapshot.Last, snapshot.Bytes));

    internal void SnapshotSent(GroupId group, EntryId last, NodeId asker) => Write(logger => Log.SnapshotSent(logger, _node, group, last, asker));

    internal void SnapshotInstalled(GroupId group, EntryId last) => Write(logger => Log.SnapshotInstalled(logger, _node, group, last));

    internal void DiskFull(GroupId group) => Write(logger => Log.DiskFull(logger, _node, group));

    internal void DiskHealed(GroupId group) => Write(logger => Log.DiskHealed(logger, _node, group));

    internal void Flushed(FlushReport flush)
    {
        if (flush.Elapsed > StatusText.SlowFlush && Passes(1211) is { } omitted)
        {
            Write(logger => Log.SlowFlush(logger, _node, flush.Elapsed.TotalMilliseconds, flush.Bytes, omitted));
        }
    }

    internal void AppliedSlowly(GroupId group, LogIndex last, TimeSpan elapsed)
    {
        if (Passes(1212) is { } omitted)
        {
            Write(logger => Log.SlowApply(logger, _node, group, last, elapsed.TotalMilliseconds, omitted));
        }
    }

    internal void Overloaded(GroupId group, long queued)
    {
        if (Passes(1213) is { } omitted)
        {
            Write(logger => Log.Overloaded(logger, _node, group, queued, omitted));
        }
    }

    internal void ClockIsAhead(GroupId group, TimeSpan ahead) => Write(logger => Log.ClockIsAhead(logger, _node, group, ahead.TotalSeconds));

    /// <summary>Code of the application that was told something has thrown.</summary>
    internal void CallbackThrew(Exception thrown)
    {
        if (Passes(1215) is { } omitted)
        {
            Write(logger => Log.CallbackThrew(logger, _node, thrown, omitted));
        }
    }

    internal void NotJoined(GroupId group, string why) => Write(logger => Log.NotJoined(logger, _node, group, why));

    internal void LinkUp(NodeId peer) => Write(logger => Log.LinkUp(logger, _node, peer));

    internal void LinkDown(NodeId peer, string why) => Write(logger => Log.LinkDown(logger, _node, peer, why));

    internal void LinkRefused(NodeId peer, HelloRefusal refusal)
    {
        if (Passes(1303, peer: peer) is { } omitted)
        {
            Write(logger => Log.LinkRefused(logger, peer, _node, refusal.Code, refusal.Said, refusal.Held, refusal.Text, omitted));
        }
    }

    internal void Happened(NetworkEvent what)
    {
        // A storm of one kind hides no other: a load balancer's knocking not that nobody is let in. Whose link fails we have chosen; elsewhere
        // a stranger may name any node, and names aren't told apart.
        if (Passes(1304, what.Kind, what.Kind == NetworkEventKind.LinkFailed ? what.Node : null) is { } omitted)
        {
            Write(logger => Log.Network(logger, _node, what.Kind, what.Remote, what.Text, omitted));
        }
    }

    private protected override void RunTurn()
    {
        lock (_gate)
        {
            (_lines, _writing) = (_writing, _lines);
        }

        foreach (Action<ILogger> line in _writing)
        {
            try
            {
                line(_logger);
            }
#pragma warning disable CA1031 // A line that can't be written is no reason to stop a node.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }

        _writing.Clear();
    }

    // How many were left out since the last one that passed; null if this one is, too.
    private long? Passes(int line, NetworkEventKind? kind = null, NodeId? peer = null)
    {
        Instant now = _clock.Now;
        (int, NetworkEventKind?, NodeId?) id = (line, kind, peer);
        lock (_gate)
        {
            if (_storms.TryGetValue(id, out (Instant Until, long Omitted) storm) && now < storm.Until)
            {
                _storms[id] = (storm.Until, storm.Omitted + 1);
                return null;
            }

            _storms[id] = (now + Quiet, 0);
            return storm.Omitted;
        }
    }

    private void Write(Action<ILogger> line)
    {
        lock (_gate)
        {
            _lines.Add(line);
        }

        Ask();
    }

    private static partial class Log
    {
        [LoggerMessage(1201, LogLevel.Information, "{Node} leads {Group} in {Term}.")]
        internal static partial void Leads(ILogger logger, NodeId node, GroupId group, Term term);

        [LoggerMessage(1202, LogLevel.Information, "{Node} leads {Group} no more; it is in {Term} now.")]
        internal static partial void LeadsNoMore(ILogger logger, NodeId node, GroupId group, Term term);

        [LoggerMessage(1203, LogLevel.Information, "{Node} follows {Leader} in {Group}, {Term}.")]
        internal static partial void Follows(ILogger logger, NodeId node, NodeId leader, GroupId group, Term term);

        [LoggerMessage(1204, LogLevel.Warning, "{Node} has lost the leader of {Group} in {Term}.")]
        internal static partial void Leaderless(ILogger logger, NodeId node, GroupId group, Term term);

        [LoggerMessage(1205, LogLevel.Information, "{Node}: the members of {Group} are {Members}, by the configuration at index {Index}.")]
        internal static partial void Members(ILogger logger, NodeId node, GroupId group, Membership members, LogIndex index);

        [LoggerMessage(1206, LogLevel.Information, "{Node} has taken a snapshot of {Group} up to {Last}, {Bytes} bytes.")]
        internal static partial void SnapshotTaken(ILogger logger, NodeId node, GroupId group, EntryId last, long bytes);

        [LoggerMessage(1207, LogLevel.Information, "{Node} sends its snapshot of {Group} up to {Last} to {Asker}.")]
        internal static partial void SnapshotSent(ILogger logger, NodeId node, GroupId group, EntryId last, NodeId asker);

        [LoggerMessage(1208, LogLevel.Information, "{Node} has taken its state of {Group} from a snapshot up to {Last}.")]
        internal static partial void SnapshotInstalled(ILogger logger, NodeId node, GroupId group, EntryId last);

        [LoggerMessage(1209, LogLevel.Error, "{Node}: the disk is full. Commands to {Group} are refused; votes and reads go on.")]
        internal static partial void DiskFull(ILogger logger, NodeId node, GroupId group);

        [LoggerMessage(1210, LogLevel.Information, "{Node}: the disk has space again, and {Group} takes commands.")]
        internal static partial void DiskHealed(ILogger logger, NodeId node, GroupId group);

        [LoggerMessage(1211, LogLevel.Warning, "{Node}: a flush of {Bytes} bytes took {Milliseconds} ms. {Omitted} more were slow since the last line.")]
        internal static partial void SlowFlush(ILogger logger, NodeId node, double milliseconds, long bytes, long omitted);

        [LoggerMessage(1212, LogLevel.Warning, "{Node}: the state machine of {Group} took {Milliseconds} ms for a batch up to {Last}. {Omitted} more were slow since the last line.")]
        internal static partial void SlowApply(ILogger logger, NodeId node, GroupId group, LogIndex last, double milliseconds, long omitted);

        [LoggerMessage(1213, LogLevel.Warning, "{Node} refuses writes to {Group}: {Queued} bytes wait already. {Omitted} more were refused since the last line.")]
        internal static partial void Overloaded(ILogger logger, NodeId node, GroupId group, long queued, long omitted);

        [LoggerMessage(1214, LogLevel.Error, "{Node}: its wall clock is {Seconds} s ahead of those of most voters of {Group}. It leaves leading to others; set the clock.")]
        internal static partial void ClockIsAhead(ILogger logger, NodeId node, GroupId group, double seconds);

        [LoggerMessage(1215, LogLevel.Error, "{Node}: code of the application threw when it was told that leadership has changed, or of an alarm. {Omitted} more since the last line.")]
        internal static partial void CallbackThrew(ILogger logger, NodeId node, Exception thrown, long omitted);

        [LoggerMessage(1216, LogLevel.Warning, "{Node} hasn't joined {Group} yet, and tries on. {Reason}")]
        internal static partial void NotJoined(ILogger logger, NodeId node, GroupId group, string reason);

        [LoggerMessage(1301, LogLevel.Information, "{Node} is connected to {Peer}.")]
        internal static partial void LinkUp(ILogger logger, NodeId node, NodeId peer);

        [LoggerMessage(1302, LogLevel.Warning, "{Node} has lost its connection to {Peer}: {Reason}")]
        internal static partial void LinkDown(ILogger logger, NodeId node, NodeId peer, string reason);

        [LoggerMessage(1303, LogLevel.Warning, "{Peer} refuses the connection of {Node} ({Code}: we said {Said}, it has {Held}). {Reason} {Omitted} more since the last line.")]
        internal static partial void LinkRefused(
            ILogger logger, NodeId peer, NodeId node, RefusalCode code, ulong said, ulong held, string reason, long omitted);

        [LoggerMessage(1304, LogLevel.Warning, "{Node}: {Kind} {Remote} {Text} {Omitted} more since the last line.")]
        internal static partial void Network(ILogger logger, NodeId node, NetworkEventKind kind, string remote, string text, long omitted);
    }
}
