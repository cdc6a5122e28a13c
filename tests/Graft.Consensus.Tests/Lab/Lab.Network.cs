using Graft.Simulation.Core;

namespace Graft.Consensus.Tests;

// The network: what is under way, what is cut, held, lost and doubled.
internal sealed partial class Lab
{
    private const int DeliveriesMax = 100_000;

    private readonly List<LabFlight> _flights = [];
    private readonly List<LabRule> _rules = [];
    private readonly HashSet<(NodeId From, NodeId To)> _cuts = [];
    private readonly List<StepOutcome> _outcomes = [];

    /// <summary>Every message that a core ordered to be sent, in order, delivered or not.</summary>
    internal List<Message> Log { get; } = [];

    /// <summary>Messages under way, held ones included.</summary>
    internal IEnumerable<Message> InFlight => _flights.Select(flight => flight.Envelope.Message);

    /// <summary>What became of each delivered message, in order.</summary>
    internal IReadOnlyList<StepOutcome> Outcomes => _outcomes;

    /// <summary>Offered snapshots aren't fetched while set.</summary>
    internal bool HoldSnapshots { get; set; }

    internal static Func<Message, bool> Of(MessageKind kind) => message => message.Kind == kind;

    internal static Func<Message, bool> Of(MessageKind kind, ulong from, ulong to) =>
        message => message.Kind == kind && message.From.Value == from && message.To.Value == to;

    internal static Func<Message, bool> To(ulong to) => message => message.To.Value == to;

    internal static Func<Message, bool> From(ulong from) => message => message.From.Value == from;

    /// <summary>The newest message of <paramref name="kind"/> that <paramref name="from"/> has sent.</summary>
    internal Message LastSent(MessageKind kind, ulong from) => Log.Last(message => message.Kind == kind && message.From.Value == from);

    internal int CountSent(MessageKind kind, ulong from) => Log.Count(message => message.Kind == kind && message.From.Value == from);

    /// <summary>Nothing sent from <paramref name="from"/> to <paramref name="to"/> from here on arrives.</summary>
    internal void Cut(ulong from, ulong to) => _cuts.Add((new NodeId(from), new NodeId(to)));

    internal void CutBoth(ulong a, ulong b)
    {
        Cut(a, b);
        Cut(b, a);
    }

    internal void Isolate(ulong id)
    {
        foreach (ulong other in _nodes.Keys.Where(other => other != id))
        {
            CutBoth(id, other);
        }
    }

    /// <summary>The two sides lose each other; what was under way between them still arrives.</summary>
    internal void Partition(ulong[] left, ulong[] right)
    {
        foreach (ulong a in left)
        {
            foreach (ulong b in right)
            {
                CutBoth(a, b);
            }
        }
    }

    /// <summary>Mends every cut and forgets every loss. What is held stays held.</summary>
    internal void Heal()
    {
        _cuts.Clear();
        _rules.RemoveAll(rule => !rule.Holds);
    }

    /// <summary>Keeps matching messages back, those under way included, until <see cref="Release()"/>.</summary>
    internal void Hold(Func<Message, bool> matches)
    {
        _rules.Add(new LabRule(matches, copies: 1, holds: true, times: -1));
        foreach (LabFlight flight in _flights)
        {
            flight.IsHeld |= matches(flight.Envelope.Message);
        }
    }

    /// <summary>Lets everything held go on its way again, and holds nothing further.</summary>
    internal void Release()
    {
        _rules.RemoveAll(rule => rule.Holds);
        Release(_ => true);
    }

    /// <summary>Lets matching held messages go; later ones are held as before.</summary>
    internal void Release(Func<Message, bool> matches)
    {
        foreach (LabFlight flight in _flights.Where(flight => matches(flight.Envelope.Message)))
        {
            flight.IsHeld = false;
        }
    }

    /// <summary>Loses matching messages, <paramref name="times"/> of them or all until <see cref="Heal"/>.</summary>
    internal void Drop(Func<Message, bool> matches, int times = -1) =>
        _rules.Add(new LabRule(matches, copies: 0, holds: false, times));

    /// <summary>Loses what is under way and matches, now.</summary>
    internal int DropInFlight(Func<Message, bool> matches) => _flights.RemoveAll(flight => matches(flight.Envelope.Message));

    internal void Duplicate(Func<Message, bool> matches, int copies = 2) =>
        _rules.Add(new LabRule(matches, copies, holds: false, times: -1));

    /// <summary>Delivers everything, and what is sent in answer, until nothing moves. No time passes.</summary>
    internal void Deliver() => Deliver(_ => true);

    /// <summary>The same for matching messages alone; the others stay under way.</summary>
    internal void Deliver(Func<Message, bool> matches)
    {
        for (int delivered = 0; DeliverOne(matches) is not null; delivered++)
        {
            Assert.True(delivered < DeliveriesMax, "The cluster talks without end while no time passes.");
        }
    }

    /// <summary>Delivers the oldest matching message.</summary>
    /// <returns>What the receiver made of it, or null if there was none.</returns>
    internal StepOutcome? DeliverOne(Func<Message, bool> matches)
    {
        int position = _flights.FindIndex(flight => IsDeliverable(flight) && matches(flight.Envelope.Message));
        if (position < 0)
        {
            return null;
        }

        LabFlight flight = _flights[position];
        _flights.RemoveAt(position);
        return Inject(flight.Envelope);
    }

    /// <summary>A message from nowhere arrives: forged, misrouted, or of a time long past.</summary>
    internal StepOutcome Inject(Message message, ulong? at = null) => Inject(new Envelope(message, []), at);

    internal StepOutcome Inject(Envelope envelope, ulong? at = null)
    {
        if (!_nodes.TryGetValue(at ?? envelope.Message.To.Value, out LabNode? node) || !node.IsUp)
        {
            return StepOutcome.NotForUs;
        }

        StepOutcome outcome = node.Host!.Receive(envelope, node.Clock.Read(Now));
        _outcomes.Add(outcome);
        Narrator?.Arrived(envelope.Message, outcome);
        Settle(node);
        return outcome;
    }

    /// <summary>A message as <paramref name="from"/> would write it now.</summary>
    internal Message Draft(MessageKind kind, ulong from, ulong to, ulong term) => new()
    {
        Kind = kind,
        Cluster = Cluster,
        From = new NodeId(from),
        FromIncarnation = _nodes[from].Disk.Incarnation,
        To = new NodeId(to),
        ToIncarnation = _nodes[to].Disk.Incarnation,
        Term = new Term(term),
    };

    /// <summary>A request for a vote, with the log that <paramref name="from"/> has.</summary>
    internal Message VoteRequest(ulong from, ulong to, ulong term) =>
        Draft(MessageKind.RequestVote, from, to, term) with { Entry = _nodes[from].Last, Sequence = 1 };

    private bool IsDeliverable(LabFlight flight) =>
        !flight.IsHeld && !(_nodes.TryGetValue(flight.To.Value, out LabNode? node) && node.IsPaused);

    private void Post(Envelope envelope)
    {
        Message message = envelope.Message;
        Log.Add(message);
        if (_cuts.Contains((message.From, message.To)))
        {
            return;
        }

        int copies = 1;
        bool isHeld = false;
        foreach (LabRule rule in _rules)
        {
            if (rule.Takes(message))
            {
                copies = rule.Holds ? copies : rule.Copies;
                isHeld |= rule.Holds;
            }
        }

        for (int copy = 0; copy < copies; copy++)
        {
            _flights.Add(new LabFlight(envelope, Now + Latency, isHeld));
        }
    }

    private bool TryFetchSnapshot(CoreNode host, Instant now)
    {
        if (HoldSnapshots || host.Wanted is not { } wanted || _cuts.Contains((wanted.From, host.Id)))
        {
            return false;
        }

        LabNode source = _nodes[wanted.From.Value];
        if (!source.IsUp)
        {
            return false;
        }

        if (source.Disk.Snapshot is { } image && image.Snapshot.Last == wanted.Snapshot.Last)
        {
            host.ReceiveSnapshot(image, now);
        }
        else
        {
            host.FailSnapshot(now);
        }

        return true;
    }
}
