using Graft.Simulation.Core;

namespace Graft.Consensus.Tests;

/// <summary>A world of a few cores in which nothing happens but what a test says: the verbs of the bug museum.</summary>
/// <remarks>
/// <para>
/// No chance but the cores' own seeds. Messages wait until they are delivered (<see cref="Deliver()"/>, no time passes) or
/// until time passes (<see cref="Run"/>). Disks complete what they are given at once, unless stalled.
/// </para>
/// <para>After every event, each touched core and the whole history is checked: <see cref="LabChecks"/>.</para>
/// </remarks>
internal sealed partial class Lab
{
    /// <summary>The election timeout of every core.</summary>
    internal static readonly TimeSpan T = TimeSpan.FromMilliseconds(500);

    internal static readonly ClusterId Cluster = new(1);

    private readonly SortedDictionary<ulong, LabNode> _nodes = [];
    private readonly Func<ulong, Incarnation, RaftOptions> _options;
    private readonly LabChecks _checks = new();
    private readonly SortedDictionary<ulong, ReadResult> _reads = [];
    private ulong _lastRead;

    internal Lab(params ulong[] voters)
        : this(Membership.Of(voters))
    {
    }

    internal Lab(Membership founding, Func<ulong, Incarnation, RaftOptions>? options = null)
    {
        _options = options ?? Options;
        foreach (Member member in founding.Members)
        {
            AddNode(member.Id.Value, new CoreDisk(founding));
        }
    }

    internal LabNode this[ulong id] => _nodes[id];

    internal IEnumerable<LabNode> Nodes => _nodes.Values;

    internal IEnumerable<LabNode> Up => _nodes.Values.Where(node => node.IsUp);

    /// <summary>The leader of the highest term, or null.</summary>
    internal LabNode? Leader => Up.Where(node => node.Role == Role.Leader).MaxBy(node => node.Term.Value);

    /// <summary>Every transfer that ended, in order.</summary>
    internal List<TransferResult> Transfers { get; } = [];

    internal static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    internal static RaftOptions Options(ulong id, Incarnation incarnation) => new()
    {
        Cluster = Cluster,
        Node = new NodeId(id),
        Incarnation = incarnation,
        Seed = id ^ ((ulong)incarnation.Value << 32),
    };

    /// <summary>A founding member that is started by itself.</summary>
    internal LabNode Found(ulong id, Membership founding) => AddNode(id, new CoreDisk(founding));

    /// <summary>A node with an empty disk that has never heard of the cluster.</summary>
    internal LabNode Join(ulong id) => AddNode(id, new CoreDisk());

    /// <summary>The disk of <paramref name="id"/> is gone for good; its machine comes back as another node.</summary>
    internal LabNode Wipe(ulong id, ulong newId)
    {
        _nodes[id].Host = null;
        return Join(newId);
    }

    /// <summary>The node loses power. The first <paramref name="kept"/> writes that were under way have made it.</summary>
    internal void Crash(ulong id, int kept = 0)
    {
        LabNode node = _nodes[id];
        node.Disk.Crash(kept);
        node.Host = null;
        node.IsPaused = false;
        node.IsDiskStalled = false;
    }

    internal void Restart(ulong id)
    {
        LabNode node = _nodes[id];
        Invariant.Check(!node.IsUp);
        node.Host = new CoreNode(node.Disk, incarnation => _options(id, incarnation), node.Clock.Read(Now))
        {
            OnApplied = _checks.Applied,
        };
        _checks.Started(node);
        Narrator?.Started(node);
        Settle(node);
    }

    /// <summary>Makes <paramref name="id"/> lead: time passes that only it notices.</summary>
    internal void Elect(ulong id)
    {
        LabNode node = _nodes[id];
        for (int attempt = 0; attempt < 8 && node.Role != Role.Leader; attempt++)
        {
            TimeOut(id);
            Deliver();
        }

        Assert.True(node.Role == Role.Leader, node.Core.Status(node.Clock.Read(Now)).Explain());
    }

    /// <summary>An election timeout passes that only <paramref name="id"/> notices; it stands, if it may.</summary>
    internal void TimeOut(ulong id)
    {
        LabNode node = _nodes[id];
        Skip(T * 1.5);
        node.Core.Tick(node.Clock.Read(Now));
        Settle(node);
    }

    /// <summary>Stands for election now, by an operator's wish.</summary>
    internal bool Campaign(ulong id)
    {
        LabNode node = _nodes[id];
        bool stands = node.Core.Campaign(node.Clock.Read(Now));
        Settle(node);
        return stands;
    }

    internal Proposal Propose(ulong id, ulong payload, int bytes = 100)
    {
        LabNode node = _nodes[id];
        Proposal proposal = node.Host!.Propose([payload], bytes, node.Clock.Read(Now));
        Settle(node);
        return proposal;
    }

    /// <summary>Changes the members against the configuration that <paramref name="id"/> knows.</summary>
    internal MembershipProposal Change(ulong id, MembershipChange change)
    {
        LabNode node = _nodes[id];
        MembershipProposal proposal = node.Core.ProposeMembership(change, node.Core.MembershipIndex, node.Clock.Read(Now));
        Settle(node);
        return proposal;
    }

    internal TransferRefusal Transfer(ulong from, ulong to)
    {
        LabNode node = _nodes[from];
        TransferRefusal refusal = node.Core.TransferLeadership(new NodeId(to), T, node.Clock.Read(Now));
        Settle(node);
        return refusal;
    }

    /// <summary>Begins a read; <see cref="ResultOf"/> tells how it ended.</summary>
    internal ReadId Read(ulong id, ReadLevel level = ReadLevel.Linearizable, TimeSpan? timeout = null)
    {
        LabNode node = _nodes[id];
        var read = new ReadId(++_lastRead);
        node.Core.Read(read, level, timeout ?? T * 4, node.Clock.Read(Now));
        Settle(node);
        return read;
    }

    /// <summary>How a read ended, or null while it waits.</summary>
    internal ReadResult? ResultOf(ReadId read) => _reads.TryGetValue(read.Value, out ReadResult result) ? result : null;

    /// <summary>Takes a snapshot of the applied state and compacts the log but for <paramref name="trailing"/> entries.</summary>
    internal bool Snapshot(ulong id, ulong trailing = 0)
    {
        LabNode node = _nodes[id];
        bool taken = node.Host!.TakeSnapshot(trailing, node.Clock.Read(Now));
        Settle(node);
        return taken;
    }

    internal void Stall(ulong id) => _nodes[id].IsDiskStalled = true;

    internal void Resume(ulong id)
    {
        LabNode node = _nodes[id];
        (node.IsDiskStalled, node.IsPaused) = (false, false);
        Settle(node);
    }

    /// <summary>The disk completes the write at <paramref name="position"/> among those under way, and no other.</summary>
    internal void CompleteWrite(ulong id, int position)
    {
        LabNode node = _nodes[id];
        node.Host!.CompleteWrite(position, node.Clock.Read(Now));
        Settle(node);
    }

    /// <summary>A write of the log failed for good, and the host says so.</summary>
    internal void FailDisk(ulong id)
    {
        LabNode node = _nodes[id];
        node.Core.StorageFailed(node.Clock.Read(Now));
        node.IsDiskStalled = true;
        Settle(node);
    }

    /// <summary>The state machine is slow: what is committed waits.</summary>
    internal void HoldApply(ulong id, bool held)
    {
        _nodes[id].Host!.IsApplyHeld = held;
        Settle(_nodes[id]);
    }

    internal void Pause(ulong id) => _nodes[id].IsPaused = true;

    /// <summary>Lets a core do what an input asked of it, and checks it.</summary>
    internal void Settle(LabNode node)
    {
        CoreNode host = node.Host!;
        Instant now = node.Clock.Read(Now);
        bool isBusy = true;
        _checks.Check(node);
        while (isBusy)
        {
            Ready ready = host.Turn(now);
            Narrator?.Turned(node, ready);
            isBusy = TakeOutputs(node, now);
            while (!node.IsDiskStalled && host.Disk.Pending.Count > 0)
            {
                host.CompleteWrite(0, now);
                _checks.Check(node);
                isBusy = true;
            }

            isBusy |= TryFetchSnapshot(host, now);
            _checks.Check(node);
        }

        CheckStored(node);
    }

    private LabNode AddNode(ulong id, CoreDisk disk)
    {
        var node = new LabNode(id, disk, Now);
        _nodes.Add(id, node);
        Restart(id);
        return node;
    }

    private bool TakeOutputs(LabNode node, Instant now)
    {
        CoreNode host = node.Host!;
        bool reports = false;
        foreach (Message message in host.Outbox)
        {
            _checks.Sent(node, message);
            reports |= message.HostClips;
            if (host.TryLoad(message, now, out Envelope envelope))
            {
                Post(envelope);
            }
            else
            {
                reports = true;
            }
        }

        host.Outbox.Clear();
        foreach (ReadResult read in host.EndedReads)
        {
            _reads.Add(read.Id.Value, read);
            Narrator?.Ended(node.Id, read);
        }

        host.EndedReads.Clear();
        foreach (TransferResult transfer in host.EndedTransfers)
        {
            Transfers.Add(transfer);
            Narrator?.Ended(node.Id, transfer);
        }

        host.EndedTransfers.Clear();
        return reports;
    }
}
