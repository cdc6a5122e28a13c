using System.Diagnostics;
using Graft.Bench.Wire;
using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft.Bench.Follower;

/// <summary>A follower as it runs in production, fed with the frames of a leader, one append after the other.</summary>
/// <remarks>
/// Everything of a node is here except for its sockets: frames are decoded, entries checked, the group's actor takes turns on the thread
/// pool, the log writes and flushes on its own thread, the applier feeds a state machine that allocates nothing. The acknowledgement
/// of one append lets the next go, which commits the one before. That is the most turns an append can cost.
/// </remarks>
internal sealed class FollowerBenchmark : IPeers, IAsyncDisposable
{
    internal const int PayloadBytes = 256;

    /// <summary>After so many entries the log is compacted; a quarter of the default, so that it happens while it's measured.</summary>
    internal const int SnapshotEntries = 65_536;

    private static readonly GroupId Group = new(1);
    private static readonly Term Term = new(3);
    private static readonly MessageEnds Ends = new(new ClusterId(1), new NodeId(1), new NodeId(2), new Incarnation(1));
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly NodeRuntime _runtime;
    private readonly GroupActor _actor;
    private readonly CountingMachine _machine = new();
    private readonly Outbox _outbox = new(64 << 20, TimeProvider.System);
    private readonly BlockPool _pool = new();
    private readonly List<PeerMessage> _decoded = [];
    private readonly System.Collections.Concurrent.ConcurrentQueue<WireMessage> _messages = new();
    private readonly AutoResetEvent _acknowledged = new(initialState: false);
    private readonly byte[] _payload = new byte[PayloadBytes];
    private WireEntry[] _entries = [];
    private EntryId _last;
    private ulong _sequence;
    private ulong _matched;

    /// <param name="directory">An empty one, for the log.</param>
    internal FollowerBenchmark(string directory)
    {
        byte[] command = new byte[PayloadBytes - EntryEnvelope.SizeOf(WriteForm.Command, hasSession: false, 0)];
        new EntryEnvelope(WriteForm.Command, 1, 2, 0, 0, 0, 0).Write(command, _payload);
        var seams = new NodeSeams { Disk = new FileDisk(directory), Time = SuspendAwareTime.Instance, Network = new SocketNetwork(), Seed = 1 };
        _runtime = NodeRuntime.Open(seams, new NodeIdentity(Ends.Cluster, Ends.To), "./bench follower", segmentBytes: 16 << 20);

        // Nobody sends heartbeats here, and between two measurements nobody sends anything.
        var settings = new GroupSettings { SnapshotLogBytes = SnapshotEntries * PayloadBytes };
        var setup = new GroupSetup { Machine = _machine, Settings = settings, ElectionTimeout = TimeSpan.FromMinutes(10) };
        _runtime.Start(this, group => group == Group ? setup : null);
        _actor = _runtime.FindOrCreate(Group)!;

        var members = Membership.Of([new Member(Ends.From, MemberRole.Voter), new Member(Ends.To, MemberRole.Voter)]);
        byte[] encoded = new byte[MembershipCodec.GetSize(members)];
        MembershipCodec.Write(members, encoded);
        Append([Entry(EntryKind.Membership, encoded, 1)], members);
    }

    /// <summary>Appends with this many entries, each acknowledged before the next.</summary>
    /// <param name="entries">Of one append.</param>
    /// <param name="appends">How many.</param>
    internal FollowerReport.Row Measure(int entries, int appends)
    {
        _entries = new WireEntry[entries];
        long commands = _machine.Bytes;
        ulong first = _last.Index.Value;
        long start = Stopwatch.GetTimestamp();
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        for (int append = 0; append < appends; append++)
        {
            for (int i = 0; i < entries; i++)
            {
                _entries[i] = Entry(EntryKind.Command, _payload, i + 1);
            }

            Append(_entries, null);
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        double count = _last.Index.Value - first;

        // All but the last two appends have been committed and applied for certain.
        bool isApplied = _machine.Bytes - commands >= (long)(count - (2 * entries)) * (PayloadBytes - EntryEnvelope.SizeOf(WriteForm.Command, hasSession: false, 0));
        return isApplied
            ? new FollowerReport.Row(entries, appends, count / elapsed.TotalSeconds, (double)allocated / appends)
            : throw new BenchmarkFailedException("The state machine was not given what was committed.");
    }

    bool IPeers.Send(GroupId group, in Message message, ReadOnlySpan<StoredEntry> entries)
    {
        if (message is { Kind: MessageKind.AppendEntriesReply, IsGranted: true })
        {
            Volatile.Write(ref _matched, message.Last.Value);
            _acknowledged.Set();
        }

        return true;
    }

    Instant IPeers.HeardAt(NodeId node) => Instant.DistantPast;

    Incarnation IPeers.LifeOf(NodeId node) => Ends.FromIncarnation;

    void IPeers.FetchSnapshot(GroupActor group, Snapshot snapshot, NodeId from) => throw new InvalidOperationException("Nobody offers a snapshot.");

    void IPeers.AbandonSnapshot(GroupId group, EntryId last)
    {
    }

    public async ValueTask DisposeAsync()
    {
        await _runtime.StopAsync();
        _acknowledged.Dispose();
    }

    private WireEntry Entry(EntryKind kind, ReadOnlyMemory<byte> payload, int place) =>
        new((byte)kind, EntryChecksum.Of(new EntryId(Term, _last.Index + (ulong)place), kind, payload.Span), false, payload);

    private void Append(ReadOnlySpan<WireEntry> entries, Membership? membership)
    {
        LogIndex last = _last.Index + (ulong)entries.Length;
        var message = new Message
        {
            Kind = MessageKind.AppendEntries,
            Cluster = Ends.Cluster,
            From = Ends.From,
            To = Ends.To,
            FromIncarnation = Ends.FromIncarnation,
            ToIncarnation = _runtime.Incarnation,
            Term = Term,
            Entry = _last,
            Last = last,
            EntriesTerm = Term,
            Commit = _last.Index,
            Round = 1,
            Sequence = ++_sequence,
            Bytes = entries.Length * (long)PayloadBytes,
            Membership = membership,
        };
        WireFrames.Require(_outbox.TryAddMessage(Group, message, entries, Ends));
        WireFrames.Require(_outbox.TryTake(out ReadOnlyMemory<byte> frames, out _));
        WireFrames.Decode(frames.Span, Ends, _pool, _decoded);
        _outbox.EndWrite();
        foreach (PeerMessage decoded in _decoded)
        {
            _actor.Receive(WireMessage.Take(decoded, _messages, _runtime.EntryBytesMax)
                ?? throw new BenchmarkFailedException("An entry did not come out of its frame as it went in."));
        }

        _decoded.Clear();
        _last = new EntryId(Term, last);
        while (Volatile.Read(ref _matched) < last.Value)
        {
            if (!_acknowledged.WaitOne(Patience))
            {
                throw new BenchmarkFailedException($"The follower has not acknowledged entry {last} in {Patience.TotalSeconds:0} s; its failure: {_runtime.Failed.Status}.");
            }
        }
    }
}
