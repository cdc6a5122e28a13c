namespace Graft.Consensus.Tests.Paper;

/// <summary>One core under test, node 1. Its peers, its disk and its clock are played by the test.</summary>
/// <remarks>
/// Every input is followed by its own Ready, except between <see cref="Feed"/> and <see cref="Take"/>. Nothing gets durable
/// before <see cref="Persist()"/>. Invariants are checked after every input.
/// </remarks>
internal sealed class Solo
{
    internal static readonly NodeId Self = new(1);
    internal static readonly NodeId Two = new(2);
    internal static readonly NodeId Three = new(3);
    internal static readonly NodeId Four = new(4);
    internal static readonly NodeId Five = new(5);

    internal static readonly TimeSpan T = TimeSpan.FromMilliseconds(500);
    internal static readonly TimeSpan Heartbeats = T / 10;
    internal static readonly Membership ThreeVoters = Membership.Of(1, 2, 3);
    internal static readonly Membership FiveVoters = Membership.Of(1, 2, 3, 4, 5);

    private static readonly ClusterId Cluster = new(0xC1);
    private static readonly Incarnation Life = new(7);
    private static readonly Instant Start = new(1_000_000_000);

    private Solo(RestoredState restored, RaftOptions options)
    {
        Now = Start;
        Core = new RaftCore(options, restored, Now);
        Take();
    }

    internal RaftCore Core { get; }

    internal Instant Now { get; private set; }

    /// <summary>Every message that has left since the last <see cref="Forget"/>.</summary>
    internal List<Message> Sent { get; } = [];

    /// <summary>Orders that the disk hasn't answered.</summary>
    internal List<PersistOrder> Orders { get; } = [];

    internal List<ReadResult> Reads { get; } = [];

    internal List<TransferResult> Transfers { get; } = [];

    internal Snapshot? ToReceive { get; private set; }

    internal EntryId? Abandoned { get; private set; }

    internal static RaftOptions Options(ulong seed = 1) =>
        new() { Cluster = Cluster, Node = Self, Incarnation = Life, Seed = seed, ElectionTimeout = T };

    /// <summary>What a disk holds: entry 1 is the configuration, and <paramref name="log"/> has the terms of all entries.</summary>
    internal static RestoredState Disk(
        ulong[] log, ulong term, NodeId? votedFor = null, ulong commit = 1, Membership? members = null) => new()
        {
            HardState = new HardState(new Term(term), votedFor, new LogIndex(commit)),
            Log = [.. Runs(log)],
            Memberships = [(new LogIndex(1), members ?? ThreeVoters)],
        };

    /// <summary>A node just started on that disk, still under the promises of the life before.</summary>
    internal static Solo Restarted(RestoredState disk, RaftOptions? options = null) => new(disk, options ?? Options());

    /// <summary>A follower that knows no leader and has outlived the promises of an earlier life. Its own timeout hasn't come.</summary>
    internal static Solo Follower(
        ulong[]? log = null, ulong term = 3, NodeId? votedFor = null, ulong commit = 1, Membership? members = null, RaftOptions? options = null)
    {
        var solo = new Solo(Disk(log ?? [1], term, votedFor, commit, members), options ?? Options());
        solo.Now += T;
        return solo;
    }

    /// <summary>A follower of node 2 in <paramref name="term"/>, just spoken to.</summary>
    internal static Solo Following(ulong[]? log = null, ulong term = 3, ulong commit = 1, Membership? members = null, RaftOptions? options = null)
    {
        Solo solo = Follower(log, term, null, commit, members, options);
        solo.Receive(Heartbeat(Two, term));
        solo.Forget();
        return solo;
    }

    /// <summary>A pre-candidate whose questions are out; the term is still <paramref name="term"/>.</summary>
    internal static Solo PreCandidate(ulong[]? log = null, ulong term = 3, Membership? members = null, RaftOptions? options = null)
    {
        Solo solo = Follower(log, term, null, 1, members, options);
        Assert.True(solo.Core.Campaign(solo.Now));
        solo.Take();
        return solo;
    }

    /// <summary>A candidate in <paramref name="term"/> + 1. Its term and vote are still on their way to the disk.</summary>
    internal static Solo Candidate(ulong[]? log = null, ulong term = 3, Membership? members = null, RaftOptions? options = null)
    {
        Solo solo = PreCandidate(log, term, members, options);
        foreach (Message question in solo.All(MessageKind.PreVote))
        {
            if (solo.Core.Role == Role.PreCandidate)
            {
                solo.Receive(Grant(question));
            }
        }

        solo.Forget();
        Assert.Equal(Role.Candidate, solo.Core.Role);
        return solo;
    }

    /// <summary>A leader of <paramref name="term"/> + 1 that has just won. Its no-op is on no disk and nobody has answered.</summary>
    internal static Solo Elected(ulong[]? log = null, ulong term = 3, Membership? members = null, RaftOptions? options = null)
    {
        Solo solo = Candidate(log, term, members, options);
        solo.Persist();
        foreach (Message request in solo.All(MessageKind.RequestVote))
        {
            if (solo.Core.Role == Role.Candidate)
            {
                solo.Sent.RemoveAll(message => message.Kind == MessageKind.RequestVote);
                solo.Receive(Grant(request));
            }
        }

        Assert.Equal(Role.Leader, solo.Core.Role);
        return solo;
    }

    /// <summary>A leader of <paramref name="term"/> + 1 whose whole log is durable and committed everywhere.</summary>
    internal static Solo Leader(ulong[]? log = null, ulong term = 3, Membership? members = null, RaftOptions? options = null)
    {
        Solo solo = Elected(log, term, members, options);
        solo.Persist();
        foreach (Member member in solo.Core.Membership.Members.ToArray())
        {
            if (member.Id != Self)
            {
                solo.Receive(Ack(member.Id, solo.Core));
            }
        }

        solo.Persist();
        solo.Pass(Heartbeats);
        solo.AnswerHeartbeats();
        solo.Forget();
        Assert.Equal(solo.Core.Log.Last.Index, solo.Core.CommitIndex);
        return solo;
    }

    internal static Message RequestVote(NodeId from, ulong term, ulong lastTerm, ulong lastIndex, MessageFlags flags = MessageFlags.None) =>
        Draft(MessageKind.RequestVote, from, term) with { Entry = EntryId.Of(lastTerm, lastIndex), Sequence = 1, Flags = flags };

    internal static Message PreVote(NodeId from, ulong term, ulong lastTerm, ulong lastIndex) =>
        RequestVote(from, term, lastTerm, lastIndex) with { Kind = MessageKind.PreVote };

    /// <summary>Entries of one term behind (<paramref name="previousTerm"/>, <paramref name="previous"/>).</summary>
    internal static Message Append(
        NodeId from, ulong term, ulong previousTerm, ulong previous, ulong count = 0, ulong entriesTerm = 0, ulong commit = 0, ulong sequence = 1) =>
        Draft(MessageKind.AppendEntries, from, term) with
        {
            Entry = EntryId.Of(previousTerm, previous),
            Last = new LogIndex(previous + count),
            EntriesTerm = new Term(count == 0 ? 0 : entriesTerm == 0 ? term : entriesTerm),
            Commit = new LogIndex(commit),
            Round = 1,
            Sequence = sequence,
        };

    internal static Message Heartbeat(NodeId from, ulong term, ulong commit = 0, ulong round = 1) =>
        Draft(MessageKind.Heartbeat, from, term) with { Commit = new LogIndex(commit), Round = round };

    internal static Message TimeoutNow(NodeId from, ulong term, ulong last) =>
        Draft(MessageKind.TimeoutNow, from, term) with { Last = new LogIndex(last) };

    internal static Message Offer(NodeId from, ulong term, Snapshot snapshot) =>
        Draft(MessageKind.InstallSnapshot, from, term) with { Snapshot = snapshot, Round = 1 };

    /// <summary>The yes of the peer that <paramref name="request"/> was sent to.</summary>
    internal static Message Grant(Message request) =>
        Answer(request) with { Flags = MessageFlags.Granted };

    /// <summary>The no of the peer that <paramref name="request"/> was sent to, whose own term is <paramref name="term"/>.</summary>
    internal static Message Refuse(Message request, MessageReason reason, ulong term) =>
        Answer(request) with { Reason = reason, Term = new Term(term) };

    /// <summary>A peer's refusal of an append, with where it may agree.</summary>
    internal static Message RefuseAppend(Message append, ulong hintTerm, ulong hint) =>
        Answer(append) with
        {
            Reason = MessageReason.LogMismatch,
            Entry = EntryId.Of(hintTerm, hint),
            Last = append.Previous.Index,
        };

    /// <summary>A peer says that it has all of the log on its disk, or all up to <paramref name="last"/>.</summary>
    internal static Message Ack(NodeId from, RaftCore core, ulong? last = null, ulong round = 0) =>
        Draft(MessageKind.AppendEntriesReply, from, core.Term.Value) with
        {
            Flags = MessageFlags.Granted,
            Last = last is { } index ? new LogIndex(index) : core.Log.Last.Index,
            Round = round,
        };

    /// <summary>The ordinary answer to a message: same round, same sequence, same term.</summary>
    internal static Message Answer(Message message) =>
        Draft(message.Kind + 1, message.To, message.Term.Value) with { Round = message.Round, Sequence = message.Sequence };

    internal static Snapshot SnapshotAt(ulong term, ulong index, Membership? members = null, ulong membershipIndex = 1) =>
        new(EntryId.Of(term, index), members ?? ThreeVoters, new LogIndex(membershipIndex));

    /// <summary>Gives the core a message and does nothing about it yet.</summary>
    internal StepOutcome Feed(Message message)
    {
        StepOutcome outcome = Core.Step(message, Now);
        Core.CheckInvariants();
        return outcome;
    }

    internal StepOutcome Receive(Message message)
    {
        StepOutcome outcome = Feed(message);
        Take();
        return outcome;
    }

    internal void Take()
    {
        Ready ready = Core.TakeReady(Now);
        Sent.AddRange(ready.Messages);
        Reads.AddRange(ready.Reads);
        if (ready.Persist is { } order)
        {
            Orders.Add(order);
        }

        if (ready.Transfer is { } transfer)
        {
            Transfers.Add(transfer);
        }

        ToReceive = ready.SnapshotToReceive ?? ToReceive;
        Abandoned = ready.SnapshotToAbandon ?? Abandoned;
        Core.CheckInvariants();
    }

    /// <summary>The disk answers everything, in order, and what follows from that too.</summary>
    internal void Persist()
    {
        while (Orders.Count > 0)
        {
            Persist(Orders[0]);
        }
    }

    internal bool Persist(PersistOrder order)
    {
        Orders.Remove(order);
        bool counted = Core.Persisted(order.Receipt, Now);
        Core.CheckInvariants();
        Take();
        return counted;
    }

    /// <summary>Lets the time pass and does nothing about it yet.</summary>
    internal void Tick(TimeSpan span)
    {
        Now += span;
        Core.Tick(Now);
        Core.CheckInvariants();
    }

    internal void Pass(TimeSpan span)
    {
        Tick(span);
        Take();
    }

    /// <summary>Every peer, or those named, answer the heartbeats that are out.</summary>
    internal void AnswerHeartbeats(params NodeId[] peers)
    {
        Message[] heartbeats = [.. All(MessageKind.Heartbeat).Where(message => message.Round > 0)];
        Sent.RemoveAll(message => message.Kind == MessageKind.Heartbeat);
        foreach (Message heartbeat in heartbeats.Where(message => peers.Length == 0 || peers.Contains(message.To)))
        {
            Receive(Answer(heartbeat));
        }
    }

    internal Proposal Propose(int count = 1)
    {
        Proposal proposal = Core.Propose(new int[count], Now);
        Take();
        return proposal;
    }

    internal MembershipProposal Change(MembershipChange change, LogIndex? expected = null)
    {
        MembershipProposal proposal = Core.ProposeMembership(change, expected ?? Core.MembershipIndex, Now);
        Take();
        return proposal;
    }

    internal void Read(ulong id, ReadLevel level = ReadLevel.Linearizable, TimeSpan? timeout = null)
    {
        Core.Read(new ReadId(id), level, timeout ?? T * 4, Now);
        Take();
    }

    internal TransferRefusal Transfer(NodeId? target)
    {
        TransferRefusal refusal = Core.TransferLeadership(target, T, Now);
        Take();
        return refusal;
    }

    internal void Forget() => Sent.Clear();

    internal Message[] All(MessageKind kind) => [.. Sent.Where(message => message.Kind == kind)];

    internal Message[] All(MessageKind kind, NodeId to) => [.. All(kind).Where(message => message.To == to)];

    /// <summary>The only message of its kind that has left.</summary>
    internal Message The(MessageKind kind) => Assert.Single(All(kind));

    internal Message The(MessageKind kind, NodeId to) => Assert.Single(All(kind, to));

    /// <summary>The most that has been acknowledged to <paramref name="leader"/>; zero if nothing.</summary>
    internal ulong AcknowledgedTo(NodeId leader) =>
        All(MessageKind.AppendEntriesReply, leader).Where(reply => reply.IsGranted).Select(reply => reply.Last.Value).DefaultIfEmpty().Max();

    /// <summary>The terms of the whole log above its base.</summary>
    internal ulong[] Terms()
    {
        var terms = new List<ulong>();
        for (LogIndex index = Core.Log.Base.Index.Next; index <= Core.Log.Last.Index; index = index.Next)
        {
            terms.Add(Core.Log.TermAt(index).Value);
        }

        return [.. terms];
    }

    private static Message Draft(MessageKind kind, NodeId from, ulong term) => new()
    {
        Kind = kind,
        Cluster = Cluster,
        From = from,
        FromIncarnation = new Incarnation(1),
        To = Self,
        ToIncarnation = Life,
        Term = new Term(term),
    };

    private static IEnumerable<TermRun> Runs(ulong[] log) =>
        from entry in log.Index()
        group (ulong)entry.Index + 1 by entry.Item into run
        select new TermRun(new Term(run.Key), new LogIndex(run.Min()), new LogIndex(run.Max()));
}
