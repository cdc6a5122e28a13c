using Graft.Consensus;

namespace Graft.Bench;

/// <summary>Cores in one thread whose network and disks answer at once: the host that adds least to what the cores cost.</summary>
/// <remarks>
/// The first core leads. Every message is stepped into its receiver straight from the sender's <see cref="Ready"/>, and
/// every order of persistence gets its receipt at once. Time is virtual and moves by a microsecond per turn, so heartbeats
/// and commit notices take their share of the work as they would at a million turns per second.
/// </remarks>
internal sealed class MemoryCluster
{
    // The defaults, as any host would run: T, T/10 and T/100.
    internal static readonly TimeSpan HeartbeatInterval = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan ElectionTimeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CommitNotice = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Turn = TimeSpan.FromMicroseconds(1);

    // Two of the largest batches.
    private const int EntriesKept = 8192;

    private readonly RaftCore[] _cores;
    private readonly MemoryLog[] _logs;
    private Instant _now = new(0);

    internal MemoryCluster(int nodes)
    {
        ulong[] ids = new ulong[nodes];
        for (int i = 0; i < nodes; i++)
        {
            ids[i] = (ulong)i + 1;
        }

        Membership membership = Membership.Of(ids);
        _cores = new RaftCore[nodes];
        _logs = new MemoryLog[nodes];
        for (int i = 0; i < nodes; i++)
        {
            var options = new RaftOptions
            {
                Cluster = new ClusterId(1),
                Node = new NodeId(ids[i]),
                Incarnation = new Incarnation(1),
                Seed = ids[i],
            };
            _cores[i] = new RaftCore(options, RestoredState.Founding(membership), _now);
            _logs[i] = new MemoryLog(EntriesKept);
        }

        Elect();
    }

    internal RaftCore Leader => _cores[0];

    internal ReadOnlySpan<RaftCore> Followers => _cores.AsSpan(1);

    /// <summary>What the last <see cref="Ready"/> of the leader called committed.</summary>
    internal LogIndex Committed { get; private set; }

    internal void Advance() => AdvanceBy(Turn);

    internal void AdvanceBy(TimeSpan span) => _now += span;

    /// <summary>Appends at the leader; nothing is sent before <see cref="RunTurn"/>.</summary>
    internal LogIndex Propose(ReadOnlySpan<int> sizes, byte[] payload)
    {
        Proposal proposal = Leader.Propose(sizes, _now);
        if (!proposal.IsAppended)
        {
            throw new BenchmarkFailedException($"The leader refused a proposal: {proposal.Refusal}.");
        }

        _logs[0].Append(proposal.First, proposal.Last, payload);
        return proposal.Last.Index;
    }

    /// <summary>From the leader's appends to its commit: all members store and acknowledge what was proposed.</summary>
    internal void RunTurn()
    {
        RunLeader();
        for (int i = 1; i < _cores.Length; i++)
        {
            Run(i); // Takes the append in and orders its durability.
            Run(i); // The receipt is in: the acknowledgement leaves.
        }

        RunLeader();
    }

    /// <summary>What a leader does by itself, without any answer.</summary>
    internal void RunLeaderUnheard()
    {
        Leader.Tick(_now);
        Leader.TakeReady(_now);
    }

    /// <summary>Lets the last commit reach every follower, and checks that all of them hold and committed the whole log.</summary>
    /// <exception cref="BenchmarkFailedException">One did not.</exception>
    internal void CheckAllCommitted()
    {
        AdvanceBy(CommitNotice);
        Settle();
        LogIndex last = Leader.Log.Last.Index;
        for (int i = 0; i < _cores.Length; i++)
        {
            RaftCore core = _cores[i];
            if (core.CommitIndex != last || core.DurableIndex != last || core.Log.Last != Leader.Log.Last)
            {
                throw new BenchmarkFailedException(
                    $"Expected {core.Id} to have stored and committed everything up to {last}; its log ends at {core.Log.Last}, "
                    + $"durable up to {core.DurableIndex}, committed up to {core.CommitIndex}.");
            }

            if (!_logs[i].Agrees(_logs[0], Leader.Log.Last))
            {
                throw new BenchmarkFailedException($"Expected {core.Id} to hold the leader's entry {Leader.Log.Last}; it holds another one.");
            }
        }
    }

    private void Elect()
    {
        // A founding member answers no pre-vote for an election timeout after its start, as after any restart.
        AdvanceBy(ElectionTimeout);
        Leader.Campaign(_now);
        Settle();
        if (Leader.Role != Role.Leader)
        {
            throw new BenchmarkFailedException($"Expected {Leader.Id} to lead after its campaign; it is {Leader.Role}.");
        }

        CheckAllCommitted();
    }

    private void Settle()
    {
        bool isBusy;
        do
        {
            isBusy = false;
            for (int i = 0; i < _cores.Length; i++)
            {
                isBusy |= Run(i);
            }
        }
        while (isBusy);
        Committed = Leader.CommitIndex;
    }

    private void RunLeader()
    {
        Run(0);
        Committed = Leader.CommitIndex;
    }

    private bool Run(int position)
    {
        RaftCore core = _cores[position];
        if (core.NextDeadline <= _now)
        {
            core.Tick(_now);
        }

        Ready ready = core.TakeReady(_now);
        foreach (OwnEntry entry in ready.OwnEntries)
        {
            _logs[position].Append(entry.Id, entry.Id, []);
        }

        foreach (ref readonly Message message in ready.Messages)
        {
            int receiver = (int)message.To.Value - 1;
            if (message.Kind == MessageKind.AppendEntries && message.EntryCount > 0)
            {
                _logs[receiver].Receive(message, _logs[position]);
            }

            _cores[receiver].Step(message, _now);
        }

        if (ready.Persist is { } order)
        {
            core.Persisted(order.Receipt, _now);
        }

        return !ready.IsEmpty;
    }
}
