using System.Collections.Immutable;
using Graft.Consensus;
using Graft.Storage;
using Microsoft.Extensions.Logging;

namespace Graft;

/// <summary>A node without its network: its log, its snapshots, its clock and its groups.</summary>
internal sealed class NodeRuntime : INodeFailure
{
    // What a damaged log may have held of a group, and nobody can say.
    private static readonly LostEntries Unknown = new(null);

    // The entry that founds a group; as long as it's the only one, the group has never been up.
    private static readonly EntryId Founding = new(new Term(1), new LogIndex(1));

    // Long enough for the last word of groups that lead: to whom they hand it over.
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(1);

    private readonly WriteAheadLog _log;
    private readonly SeededRandom _random;
    private readonly Lock _gate = new();
    private readonly List<string> _notes = [];
    private readonly SortedDictionary<GroupId, RestoredState> _founded = [];
    private readonly SortedDictionary<GroupId, GroupActor> _groups = [];
    private readonly TaskCompletionSource<Exception?> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GroupServices? _services;
    private Func<GroupId, GroupSetup?>? _setup;

    private NodeRuntime(NodeSeams seams, NodeIdentity identity, WriteAheadLog log, int entryBytesMax, SnapshotStore snapshots)
    {
        (Identity, _log, EntryBytesMax, Snapshots) = (identity, log, entryBytesMax, snapshots);
        _random = new SeededRandom(seams.Seed);
        Scheduler = new NodeScheduler(seams.Context);
        Clock = new NodeClock(seams.Time);
        Flushes = new FlushWatch(seams.Time) { Told = OnFlushed };
        Meters = new NodeMeters(identity.Node, AllGroups);
        _notes.AddRange(log.Recovery.Notes);
    }

    internal NodeIdentity Identity { get; }

    internal Incarnation Incarnation => _log.Incarnation;

    internal NodeScheduler Scheduler { get; }

    internal NodeClock Clock { get; }

    internal SnapshotStore Snapshots { get; }

    /// <summary>The largest entry that this node's log takes.</summary>
    internal int EntryBytesMax { get; }

    /// <summary>Times the flushes of the log.</summary>
    internal FlushWatch Flushes { get; }

    internal NodeMeters Meters { get; }

    /// <summary>Writes lines into the host's log; null if there is none.</summary>
    internal NodeEvents? Events { get; private set; }

    internal DiskLane Lane => _services!.Lane;

    internal long LogFlushes => _services?.Queue.Flushes ?? 0;

    /// <summary>Whether groups may be founded: the log has never held anything, or nothing but foundings that were cut short before any group was up.</summary>
    internal bool MayFound => !_log.Recovery.MayLackGroups && !_log.Recovery.IsDamaged && _founded.Count == 0
        && _log.Recovery.Groups.All(IsFounding);

    /// <summary>What an operator should read of this start.</summary>
    internal ImmutableArray<string> Notes => [.. _notes];

    /// <summary>Told what somebody has to act on, in a turn of its own.</summary>
    internal Action<GroupAlarm>? Alarmed { get; set; }

    /// <summary>Told what an operator may want to know.</summary>
    internal Action<GroupId, string>? Noted { get; set; }

    /// <summary>Told that this node was removed from a group.</summary>
    internal Action<Removal>? Removed { get; set; }

    /// <summary>Told that a group is of a later epoch than before.</summary>
    internal Action? EpochRisen { get; set; }

    /// <summary>Told that the node can't go on: nobody is to hear of it any more.</summary>
    internal Action? Over { get; set; }

    /// <summary>Ends when the node can't go on, with the reason; without one when it has been stopped.</summary>
    internal Task<Exception?> Failed => _failed.Task;

    /// <summary>Opens what the disk holds, or founds it.</summary>
    /// <param name="seams">What the node stands on.</param>
    /// <param name="birth">Whose the directory becomes if it's empty; a node's own is left as it is.</param>
    /// <param name="holder">One line for whoever finds the directory locked.</param>
    /// <param name="segmentBytes">Size of a segment of the log.</param>
    /// <param name="cacheBytes">How much of the log's end is kept in memory.</param>
    /// <exception cref="StorageRefusedException">The directory is another's, newer than this program, or in use.</exception>
    /// <exception cref="StorageFailedException">The disk failed.</exception>
    internal static NodeRuntime Open(
        NodeSeams seams, NodeIdentity? birth, string holder, long segmentBytes = 1 << 20, int cacheBytes = 1 << 20)
    {
        DirectoryListing found = LogTools.Describe(seams.Disk);
        NodeIdentity identity = found is { Cluster: { } cluster, Node: { } node } ? new NodeIdentity(cluster, node)
            : birth ?? throw new ArgumentException("The data directory is empty, and nobody said whose it is to be.", nameof(birth));
        var options = new LogOptions
        {
            Cluster = identity.Cluster,
            Node = identity.Node,
            Holder = holder,
            SegmentBytes = segmentBytes,
            CacheBytes = cacheBytes,
            TestsDisk = true,

            // Of a stream of its own: the node's id is drawn from the seed too, and everybody knows that.
            Salt = new SeededRandom(~seams.Seed).NextUInt64(),
        };
        var log = WriteAheadLog.Open(seams.Disk, options);
        try
        {
            var warnings = new List<SnapshotWarning>();
            SnapshotStore snapshots = SnapshotStore.Open(seams.Disk, identity.Cluster, warnings);
            var runtime = new NodeRuntime(seams, identity, log, options.MaxPayloadBytes, snapshots);
            runtime._notes.AddRange(warnings.Select(static warning => warning.ToString()));
            return runtime;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    // Who has joined begins with the same entry, and with somebody else as the member.
    private bool IsFounding(RecoveredGroup group) => group.Last == Founding && group.Start.At == EntryId.Zero && group.Memberships is [var (_, encoded)]
        && MembershipCodec.TryRead(encoded.Span, out Membership membership, out _) && membership.Members is [{ } only] && only.Id == Identity.Node;

    /// <summary>
    /// Founds groups with this node as their only member, in one write; those that the log has already stay as they are. Before <see cref="Start"/>, and only if
    /// it <see cref="MayFound"/>.
    /// </summary>
    internal void Found(params IReadOnlyCollection<GroupId> ids)
    {
        RestoredState founding = RestoredState.Founding(Membership.Of([new Member(Identity.Node, MemberRole.Voter)]));
        (LogIndex _, Membership membership) = founding.Memberships[0];
        byte[] encoded = new byte[MembershipCodec.GetSize(membership)];
        MembershipCodec.Write(membership, encoded);
        var writes = new List<LogWrite>();
        foreach (GroupId id in ids.Where(id => !_log.Recovery.Groups.Any(group => group.Id == id)))
        {
            var write = new LogWrite();
            write.Begin(id);
            write.HardState = founding.HardState;
            write.Add(StoredEntry.Born(Founding, EntryKind.Membership, encoded));
            writes.Add(write);
            _founded.Add(id, founding);
        }

        _log.MakeDurable(writes);
    }

    /// <summary>Starts the groups that the log knows of, and those just founded. Until then the log is this caller's alone.</summary>
    /// <param name="peers">The way to other nodes.</param>
    /// <param name="setup">What a group is made of; null if this program has no such group.</param>
    /// <param name="forward">Passes a write on to whoever leads; null if nothing is passed on.</param>
    /// <param name="addressLearned">Told where nodes can be reached, as the log says.</param>
    internal void Start(
        IPeers peers,
        Func<GroupId, GroupSetup?> setup,
        Action<GroupActor, PendingWrite>? forward = null,
        Action<NodeId, string>? addressLearned = null)
    {
        _setup = setup;
        Meters.LinkOf = peers.LinkOf;
        ProveLog();
        SortedDictionary<GroupId, RestoredState> restored = new(_founded);
        foreach (RecoveredGroup group in _log.Recovery.Groups)
        {
            var found = GroupRestore.Of(group.Id, group, Snapshots);
            if (found.First is { } first)
            {
                _log.MakeDurable(first);
            }

            _notes.AddRange(found.Notes);
            restored.Add(group.Id, found.State);
        }

        var options = new LogWriterOptions { OnFailed = ReportStorage, Watch = Flushes };
        var deadlines = new DeadlineQueue(Clock);
        _services = new GroupServices
        {
            Scheduler = Scheduler,
            Failure = this,
            Clock = Clock,
            Deadlines = deadlines,
            Rest = new RestWatch(Scheduler, this, Clock, deadlines, peers),
            Log = _log,
            Queue = Scheduler.IsSimulated ? new TurnLogQueue(_log, options, Scheduler, this) : new ThreadLogQueue(_log, options),
            Flushes = Flushes,
            Meters = Meters,
            Events = Events,
            Snapshots = Snapshots,
            Lane = new DiskLane(Scheduler, this, "graft-disk"),
            SnapshotLane = new DiskLane(Scheduler, this, "graft-snapshot"),
            DigestLane = new DiskLane(Scheduler, this, "graft-digest"),
            Peers = peers,
            Forward = forward,
            AddressLearned = addressLearned,
            Removed = removal => Removed?.Invoke(removal),
            EpochRisen = () => EpochRisen?.Invoke(),
        };
        foreach ((GroupId id, RestoredState state) in restored)
        {
            if (setup(id) is { } known)
            {
                Add(id, known, state);
                HintAddresses(id, state);
            }
            else
            {
                _notes.Add($"{id} is in the log, and this program has no state machine for it. It stays as it is.");
            }
        }
    }

    /// <summary>The group that a message is for. One that this node has never heard of begins empty, and learns the rest from its leader.</summary>
    /// <returns>Null if this program has no such group.</returns>
    internal GroupActor? FindOrCreate(GroupId id)
    {
        lock (_gate)
        {
            if (_groups.TryGetValue(id, out GroupActor? group))
            {
                return group;
            }

            // What a damaged log may have known of it, nobody can say: it's lost, and known to be.
            RestoredState blank = _log.Recovery.MayLackGroups ? new RestoredState { Lost = Unknown } : RestoredState.Blank;
            return _services is not null && _setup?.Invoke(id) is { } known ? Add(id, known, blank) : null;
        }
    }

    /// <summary>The latest epoch of the groups here.</summary>
    internal Epoch Epoch => AllGroups().Select(static group => group.Epoch).DefaultIfEmpty().MaxBy(static epoch => epoch.Value);

    /// <summary>The earliest epoch of the groups that this node has in common with another one; the latest of all that it has, if there is none.</summary>
    /// <remarks>A quorum that was lost in one group need not be in another, which other nodes share: they are of the earlier epoch, and rightly.</remarks>
    internal Epoch EpochToward(NodeId node)
    {
        // A configuration of before is in force again for a moment where a follower of a recovery replaces its log's end. It says nothing any more.
        Epoch shared = AllGroups().Where(group => group.View.Membership.Epoch == group.Epoch && group.View.Membership.Contains(node))
            .Select(static group => group.Epoch).DefaultIfEmpty().MinBy(static epoch => epoch.Value);
        return shared != Epoch.None ? shared : Epoch;
    }

    /// <summary>Whether there is a group that this node has in common with another one and that isn't as late as this epoch, by its configuration here.</summary>
    internal bool IsBehind(NodeId node, Epoch epoch) =>
        Array.Exists(AllGroups(), group => group.Epoch.Number < epoch.Number && group.View.Membership.Contains(node));

    internal GroupActor[] AllGroups()
    {
        lock (_gate)
        {
            return [.. _groups.Values];
        }
    }

    /// <summary>The cluster was recovered without this node: it answers nobody from here on.</summary>
    internal void Supersede(SupersededException why) => Fail(why, why.Message);

    /// <summary>Something of the node has met what can't be: it answers nobody from here on.</summary>
    internal void Fail(Exception bug) => Fail(bug, $"This node has failed: {bug.Message}");

    // A group that went on would lead, vote and acknowledge for a node that says it's dead; and as long as anything answers pings, those who rest under its
    // leaders wait for them. In a turn of its own: whoever has failed may hold a lock.
    private void Fail(Exception bug, string why)
    {
        if (_failed.TrySetResult(bug))
        {
            Scheduler.Post(new Ending(() => End(why)));
        }
    }

    private void End(string why)
    {
        foreach (GroupActor group in AllGroups())
        {
            group.Abandon(why);
        }

        Over?.Invoke();
    }

    private async Task EndSoonAsync(string why)
    {
        await Task.Delay(LastWord, Clock.Time, CancellationToken.None);
        End(why);
    }

    internal GroupActor? Find(GroupId id)
    {
        lock (_gate)
        {
            return _groups.GetValueOrDefault(id);
        }
    }

    /// <summary>Ends all groups, before the network is taken from under them.</summary>
    internal async Task StopGroupsAsync()
    {
        foreach (GroupActor group in AllGroups())
        {
            await group.StopAsync();
        }
    }

    /// <summary>Has lines written into a log from here on. Before <see cref="Start"/>.</summary>
    internal void WriteTo(ILogger logger) => Events = new NodeEvents(logger, Identity.Node, Scheduler, this, Clock);

    /// <summary>Stops the groups, makes durable what was handed over, and lets go of the directory.</summary>
    internal async ValueTask StopAsync()
    {
        if (_services is not { } services)
        {
            Meters.Dispose();
            _log.Close();
            return;
        }

        await StopGroupsAsync();
        services.Deadlines.Dispose();
        services.Lane.Dispose();
        services.SnapshotLane.Dispose();
        services.DigestLane.Dispose();
        services.Queue.Dispose();
        Meters.Dispose();
        _failed.TrySetResult(null);
    }

    /// <summary>Nothing reaches a node just now: whoever leads it stops waiting for its answers.</summary>
    internal void ReportUnreachable(NodeId node)
    {
        lock (_gate)
        {
            foreach (GroupActor group in _groups.Values)
            {
                group.ReportUnreachable(node);
            }
        }
    }

    internal LogPin Pin(GroupId group, LogIndex above) => _log.Pin(group, above);

    void INodeFailure.Note(GroupId group, string text) => Noted?.Invoke(group, text);

    bool INodeFailure.Report(object where, Exception bug)
    {
        Fail(bug);
        return true;
    }

    void INodeFailure.ReportHalted(ApplyHaltedException why) => Alarm(why.Group, GroupAlarmKind.ApplyHalted, why.Message);

    void INodeFailure.ReportDivergence(GroupId group, string what) => Alarm(group, GroupAlarmKind.StatesDiffer, what);

    void INodeFailure.ReportDamage(GroupId group, LogIndex first, LogIndex last) =>
        Fail(new InvalidDataException(
            $"Entries {first} to {last} of {group} were durable here and can't be read any more. Start the node again: it then finds out what it lost, and gets it from the others."));

    // One log is all groups'. Each hands leadership over, if it can, with its last word.
    public void ReportStorage(StorageFailedException failure)
    {
        if (_failed.TrySetResult(failure))
        {
            Scheduler.Post(new Ending(() =>
            {
                foreach (GroupActor group in AllGroups())
                {
                    group.StorageFailed(failure);
                }

                Scheduler.Start(() => _ = EndSoonAsync($"The log of this node has failed. {failure.Message}"));
            }));
        }
    }

    // The application's code never runs inside a group's turn.
    private void Alarm(GroupId group, GroupAlarmKind kind, string message)
    {
        if (Alarmed is { } alarmed)
        {
            Scheduler.Post(new Telling(alarmed, new GroupAlarm(group, kind, message), Events));
        }
    }

    private void OnFlushed(FlushReport flush)
    {
        Meters.Flushed(flush);
        Events?.Flushed(flush);
    }

    private GroupActor Add(GroupId id, GroupSetup setup, RestoredState state)
    {
        var options = new RaftOptions
        {
            Cluster = Identity.Cluster,
            Node = Identity.Node,
            Incarnation = _log.Incarnation,
            Seed = _random.NextUInt64(),
            ElectionTimeout = setup.ElectionTimeout,
            EntryBytesMax = EntryBytesMax,
            RestAfter = setup.ElectionTimeout * 4,
        };
        RestoreRequest? restore = state.Snapshot is { } snapshot && setup.Machine is not IDiskStateMachine
            ? new RestoreRequest(
                snapshot.Last, new SnapshotContentReader(Snapshots.Open(id, snapshot.Last)), state.HardState.Log == LogKind.HeadersOnly)
            : null;
        var group = new GroupActor(_services!, _random.Fork(), setup.Settings with { Group = id }, options, state, setup.Machine);
        _groups.Add(id, group);
        group.Start(restore, ReferenceEquals(state.Lost, Unknown) ? Unknown : null);
        if (_failed.Task.IsCompleted)
        {
            // Those that there were have been told.
            group.Abandon("This node has stopped.");
        }

        return group;
    }

    // What isn't known to be committed isn't applied yet, and a node without addresses may meet nobody who could tell it more. An address is a
    // hint, committed or not.
    private void HintAddresses(GroupId group, RestoredState state)
    {
        var book = new AddressBook();
        var buffer = new EntryBuffer();
        LogIndex last = _log.LastOf(group).Index;
        LogIndex next = LogIndex.Max(state.HardState.Commit, state.LogStart.Index).Next;
        while (next <= last && _log.Read(group, next, last, buffer) == LogReadOutcome.Read && buffer.Entries.Count > 0)
        {
            foreach (StoredEntry entry in buffer.Entries)
            {
                next = entry.Id.Index.Next;
                if (entry is { Kind: EntryKind.Command, IsHeaderOnly: false }
                    && EntryEnvelope.TryRead(entry.Payload, out EntryEnvelope envelope, out ReadOnlyMemory<byte> command)
                    && envelope.Form == WriteForm.Announce)
                {
                    book.TryNote(command.Span, out _, out _);
                }
            }
        }

        foreach ((NodeId node, string address) in book.Addresses)
        {
            _services!.AddressLearned?.Invoke(node, address);
        }
    }

    // A log that was opened on a full disk may lie in the page cache alone. Nothing of it may be promised.
    private void ProveLog()
    {
        while (!_log.IsProven && _log.Maintain())
        {
        }

        if (!_log.IsProven)
        {
            throw new IOException("The disk is full, so that the end of the log can't be made safe. Free some space and start the node again; nothing is lost.");
        }
    }

    private sealed class Ending(Action end) : IThreadPoolWorkItem
    {
        public void Execute() => end();
    }

    private sealed class Telling(Action<GroupAlarm> alarmed, GroupAlarm alarm, NodeEvents? events) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            try
            {
                alarmed(alarm);
            }
#pragma warning disable CA1031 // The application's code, on a bare thread of the pool: the process would end by it, and on all nodes by the same alarm.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                events?.CallbackThrew(thrown);
            }
        }
    }
}
