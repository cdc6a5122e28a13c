using Graft.Consensus.Tests.Paper;

namespace Graft.Consensus.Tests.Units;

/// <summary>Whatever a peer sends, a core neither throws nor contradicts itself nor takes back what it has committed.</summary>
public sealed class NonsenseTests
{
    private const int Lives = 200;
    private const int MessagesPerLife = 200;

    public static TheoryData<string> Roles => ["follower", "following", "pre-candidate", "candidate", "elected", "leader"];

    [Theory]
    [MemberData(nameof(Roles))]
    public void No_message_breaks_a_core(string role)
    {
        for (ulong life = 0; life < Lives; life++)
        {
            var random = new SeededRandom((life << 8) + (ulong)role.Length);
            Solo node = Begin(role);
            for (int i = 0; i < MessagesPerLife; i++)
            {
                Message message = Nonsense(node, random);
                View before = View.Of(node);

                StepOutcome outcome = node.Feed(message);

                AssertAllowed(message, outcome, before, View.Of(node));
                LiveOn(node, random);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public void A_message_that_no_core_can_have_written_does_nothing(string role)
    {
        Solo node = Begin(role);
        View before = View.Of(node);
        Message sound = Solo.Append(Solo.Two, 99, 1, 1, count: 2) with { FromIncarnation = new Incarnation(1) };
        Message offer = Solo.Offer(Solo.Two, 99, Solo.SnapshotAt(5, 9));
        Message[] malformed =
        [
            sound with { FromIncarnation = Incarnation.Unknown },
            sound with { Term = Term.Zero },
            sound with { Term = new Term(ulong.MaxValue) },
            sound with { Last = LogIndex.Zero },
            sound with { Last = new LogIndex(ulong.MaxValue) },
            sound with { Last = new LogIndex((1UL << 24) + 2) },
            sound with { EntriesTerm = Term.Zero },
            sound with { EntriesTerm = new Term(100) },
            sound with { Entry = EntryId.Of(7, 1), EntriesTerm = new Term(6) },
            sound with { Entry = EntryId.Of(1, 0) },
            sound with { Entry = EntryId.Of(0, 1) },
            sound with { Bytes = -1 },
            sound with { Commit = new LogIndex(1UL << 62) },
            sound with { Snapshot = offer.Snapshot },
            sound with { Membership = Membership.Empty },
            sound with { Last = new LogIndex(1), Membership = Solo.ThreeVoters },
            sound with { Kind = MessageKind.None },
            sound with { Kind = (MessageKind)99 },
            offer with { Snapshot = null },
            offer with { Snapshot = Solo.SnapshotAt(100, 9) },
            offer with { Snapshot = Solo.SnapshotAt(0, 9) },
            offer with { Snapshot = Solo.SnapshotAt(5, 9, membershipIndex: 10) },
            offer with { Snapshot = Solo.SnapshotAt(5, 9, Membership.Empty) },
            offer with { Snapshot = Solo.SnapshotAt(5, 9) with { Membership = null! } },
            offer with { Snapshot = Solo.SnapshotAt(5, 9) with { Bytes = -1 } },
            offer with { Snapshot = Solo.SnapshotAt(5, 9, Voters(1025)) },
            sound with { Membership = Voters(1025) },
            Solo.RequestVote(Solo.Two, 99, 99, 9),
            Solo.RequestVote(Solo.Two, 99, 0, 9),
            Solo.Heartbeat(Solo.Two, 99) with { Kind = MessageKind.ReadIndex },
            Solo.Heartbeat(Solo.Two, 99) with { Kind = MessageKind.ReadIndexReply, Flags = MessageFlags.Granted },
            Solo.Heartbeat(Solo.Two, 99) with { Membership = Solo.ThreeVoters },
        ];

        Assert.All(malformed, message => Assert.Equal(StepOutcome.Malformed, node.Feed(message)));
        Assert.Equal(before, View.Of(node));
    }

    [Fact] // a member more would need more stack than a quorum is worth
    public void As_many_members_as_the_limit_are_taken()
    {
        Solo node = Solo.Following();

        Assert.Equal(StepOutcome.Accepted, node.Receive(Solo.Append(Solo.Two, 3, 1, 1, count: 1) with { Membership = Voters(1024) }));
        Assert.Equal(1024, node.Core.Membership.Members.Length);
    }

    [Theory] // one such message used to poison a cluster for ever: no term is left above it to elect anybody in
    [MemberData(nameof(Roles))]
    public void A_term_that_no_cluster_can_have_come_to_is_refused(string role)
    {
        Solo node = Begin(role);
        View before = View.Of(node);
        var beyond = new Term(node.Core.Term.Value + (1UL << 32) + 1);

        for (MessageKind kind = MessageKind.PreVote; kind <= MessageKind.ReadIndexReply; kind++)
        {
            Message message = Solo.Heartbeat(Solo.Two, beyond.Value) with { Kind = kind, Sequence = 1 };
            message = kind == MessageKind.InstallSnapshot ? message with { Snapshot = Solo.SnapshotAt(1, 9) } : message;
            Assert.Equal(StepOutcome.Malformed, node.Feed(message));
            Assert.Equal(StepOutcome.Malformed, node.Feed(message with { Term = new Term((1UL << 62) - 1) }));
        }

        Assert.Equal(before, View.Of(node));
    }

    [Fact] // as one that was away for years, or has never been there
    public void A_node_that_knows_of_no_term_learns_the_cluster_s()
    {
        var core = new RaftCore(Solo.Options(), RestoredState.Blank, default);

        Assert.Equal(StepOutcome.Accepted, core.Step(Solo.Heartbeat(Solo.Two, 1UL << 32), default));

        Assert.Equal((new Term(1UL << 32), Solo.Two), (core.Term, core.Leader));
    }

    [Theory]
    [InlineData("follower")]
    [InlineData("candidate")]
    [InlineData("leader")]
    public void An_answer_of_a_stranger_raises_no_term(string role)
    {
        Solo node = Begin(role);
        View before = View.Of(node);
        Message answer = Solo.Heartbeat(new NodeId(77), 50) with { Sequence = 1, Reason = MessageReason.TermBehind };
        MessageKind[] answers =
        [
            MessageKind.PreVoteReply, MessageKind.RequestVoteReply, MessageKind.AppendEntriesReply, MessageKind.HeartbeatReply,
            MessageKind.InstallSnapshotReply, MessageKind.ReadIndexReply,
        ];

        Assert.All(answers, kind => Assert.Equal(StepOutcome.NotMember, node.Feed(answer with { Kind = kind })));

        Assert.Equal(before, View.Of(node));
    }

    [Fact] // the configuration that made it one may be what we lack
    public void A_stranger_that_leads_or_stands_is_listened_to()
    {
        Solo node = Solo.Follower();

        Assert.Equal(StepOutcome.Accepted, node.Receive(Solo.RequestVote(new NodeId(77), 9, 3, 9)));
        Assert.Equal(new Term(9), node.Core.Term);
        Assert.Equal(StepOutcome.Accepted, node.Receive(Solo.Append(new NodeId(78), 11, 1, 1, count: 1)));
        Assert.Equal((new Term(11), new NodeId(78), 2UL), (node.Core.Term, node.Core.Leader, node.Core.Log.Last.Index.Value));
    }

    [Fact] // a refused message is logged, whatever it says
    public void A_message_that_makes_no_sense_is_still_told_in_words()
    {
        Message backwards = Solo.Append(Solo.Two, 3, 2, 9) with { Last = new LogIndex(4), EntriesTerm = new Term(3) };
        Assert.Equal(0UL, backwards.EntryCount);
        Assert.Equal("n2->n1 t3 AppendEntries prev=9@t2 backwards to 4 commit=0", backwards.ToString());

        Message most = backwards with { Entry = EntryId.Of(ulong.MaxValue, ulong.MaxValue), Last = LogIndex.Zero };
        Assert.Equal(0UL, most.EntryCount);
        Message widest = backwards with { Entry = EntryId.Zero, Last = new LogIndex(ulong.MaxValue), Membership = Membership.Empty };
        Assert.Equal(ulong.MaxValue, widest.EntryCount);

        var random = new SeededRandom(1);
        Solo node = Begin("leader");
        for (int i = 0; i < 2000; i++)
        {
            Message nonsense = Nonsense(node, random);
            Assert.NotEmpty(nonsense.ToString());
            Assert.True(nonsense.EntryCount <= nonsense.Last.Value);
        }

        Assert.All([most, widest, default, default(Message) with { Kind = (MessageKind)200 }], message => Assert.NotEmpty(message.ToString()));
    }

    [Fact]
    public void A_message_for_somebody_else_does_nothing_and_is_counted()
    {
        Solo node = Solo.Follower();
        Message message = Solo.Append(Solo.Two, 99, 1, 1, count: 2);

        Assert.Equal(StepOutcome.ForeignCluster, node.Receive(message with { Cluster = new ClusterId(2) }));
        Assert.Equal(StepOutcome.NotForUs, node.Receive(message with { To = Solo.Three }));
        Assert.Equal(StepOutcome.FromSelf, node.Receive(message with { From = Solo.Self }));

        Assert.Equal((new Term(3), 1UL), (node.Core.Term, node.Core.Log.Last.Index.Value));
        Assert.Equal(
            [StepOutcome.ForeignCluster, StepOutcome.NotForUs, StepOutcome.FromSelf],
            node.Core.Status(node.Now).Refusals.Select(refusal => refusal.Reason));
    }

    private static Membership Voters(int count) => Membership.Of([.. Enumerable.Range(1, count).Select(id => (ulong)id)]);

    private static Solo Begin(string role) => role switch
    {
        "follower" => Solo.Follower(log: [1, 2, 2, 3], commit: 2),
        "following" => Solo.Following(log: [1, 2, 2, 3], commit: 2),
        "pre-candidate" => Solo.PreCandidate(log: [1, 2, 2, 3]),
        "candidate" => Solo.Candidate(log: [1, 2, 2, 3]),
        "elected" => Solo.Elected(log: [1, 2, 2, 3]),
        _ => Solo.Leader(log: [1, 2, 2, 3]),
    };

    // What a refusal may leave behind is the higher term that it was said in, and who leads it.
    private static void AssertAllowed(Message message, StepOutcome outcome, View before, View after)
    {
        Assert.True(after.Commit >= before.Commit);
        Assert.True(after.Term >= before.Term);
        Assert.True(after.Term == before.Term || after.Term <= Later(message.Term, before.Term).Next);
        if (outcome is StepOutcome.Malformed or StepOutcome.ForeignCluster or StepOutcome.NotForUs or StepOutcome.FromSelf or StepOutcome.OtherIncarnation
            && message.Term <= before.Term)
        {
            Assert.Equal(before, after);
        }
        else if (outcome != StepOutcome.Accepted)
        {
            // The leader's commit index is news whatever question it comes with the answer to.
            Assert.True(after.Commit == before.Commit || message.Kind == MessageKind.ReadIndexReply);
            Assert.Equal((before.Last, before.Base, before.MembershipIndex), (after.Last, after.Base, after.MembershipIndex));
            Assert.True(after.Term > before.Term || after.VotedFor == before.VotedFor);
        }
    }

    private static Term Later(Term left, Term right) => left > right ? left : right;

    private static void LiveOn(Solo node, SeededRandom random)
    {
        if (random.Chance(500))
        {
            node.Take();
        }

        if (random.Chance(300) && node.Orders.Count > 0)
        {
            node.Persist(node.Orders[random.Next(0, node.Orders.Count - 1)]);
        }

        if (random.Chance(100))
        {
            node.Pass(random.Next(TimeSpan.Zero, Solo.T / 2));
        }

        if (random.Chance(100) && node.ToReceive is { } snapshot)
        {
            node.Core.SnapshotReceived(snapshot.Last, node.Now);
        }

        if (random.Chance(50))
        {
            node.Propose(random.Next(1, 3));
            node.Read(random.NextUInt64(), ReadLevel.Lease, Solo.T);
        }

        node.Forget();
    }

    private static Message Nonsense(Solo node, SeededRandom random)
    {
        RaftCore core = node.Core;
        var kind = (MessageKind)random.Next(0, random.Chance(20) ? 255 : (int)MessageKind.ReadIndexReply);
        Term term = new(Near(core.Term.Value, random));
        bool isOffer = kind == MessageKind.InstallSnapshot ^ random.Chance(10);
        EntryId entry = Place(core, random);
        return new Message
        {
            Kind = kind,
            Flags = (MessageFlags)random.Next(0, random.Chance(50) ? 255 : 3),
            Reason = (MessageReason)random.Next(0, random.Chance(50) ? 255 : (int)MessageReason.OtherLogKind),
            Cluster = random.Chance(5) ? new ClusterId(random.NextUInt64()) : new ClusterId(0xC1),
            From = new NodeId(random.Chance(5) ? 1 : 2 + random.NextBelow(3)),
            To = random.Chance(5) ? Solo.Two : Solo.Self,
            FromIncarnation = new Incarnation(random.Chance(5) ? (uint)random.NextBelow(4) : 1),
            ToIncarnation = new Incarnation(random.Chance(20) ? (uint)random.NextBelow(9) : 7),
            Term = term,
            Entry = entry,
            Last = new LogIndex(random.Chance(300) ? Near(core.Log.Last.Index.Value, random) : unchecked(entry.Index.Value + random.NextBelow(4))),
            EntriesTerm = random.Chance(300) ? term : new Term(Near(core.Log.Last.Term.Value, random)),
            Commit = new LogIndex(Near(core.CommitIndex.Value, random)),
            Round = Near(5, random),
            Sequence = Near(3, random),
            Bytes = random.Chance(10) ? long.MinValue : (long)random.NextBelow(100),
            Membership = kind == MessageKind.AppendEntries && random.Chance(100) ? Members(random) : null,
            Snapshot = isOffer ? new Snapshot(Place(core, random), Members(random), new LogIndex(random.NextBelow(4))) : null,
        };
    }

    private static EntryId Place(RaftCore core, SeededRandom random)
    {
        var index = new LogIndex(Near(core.Log.Last.Index.Value, random));
        return random.Chance(700) && core.Log.Contains(index)
            ? new EntryId(core.Log.TermAt(index), index)
            : EntryId.Of(Near(core.Log.Last.Term.Value, random), index.Value);
    }

    private static ulong Near(ulong value, SeededRandom random) => random.Next(0, 199) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        2 => (1UL << 62) - 1,
        3 => 1UL << 62,
        4 => random.NextUInt64(),
        < 20 => random.NextBelow(8),
        < 60 => unchecked(value + random.NextBelow(4)),
        < 130 => value - Math.Min(value, random.NextBelow(4)),
        _ => value,
    };

    private static Membership Members(SeededRandom random) => random.Next(0, 3) switch
    {
        0 => Membership.Of(2, 3),
        1 => Solo.FiveVoters,
        2 => Membership.Empty,
        _ => Membership.Of((Member[])
            [new(Solo.Self, MemberRole.Learner, VotesInOutgoing: true), new(Solo.Two, MemberRole.Voter), new(Solo.Four, MemberRole.Joining)]),
    };

    private sealed record View(
        Term Term, NodeId? VotedFor, Role Role, NodeId? Leader, LogIndex Commit, EntryId Last, EntryId Base, LogIndex Durable, LogIndex MembershipIndex)
    {
        internal static View Of(Solo node) => new(
            node.Core.Term,
            node.Core.VotedFor,
            node.Core.Role,
            node.Core.Leader,
            node.Core.CommitIndex,
            node.Core.Log.Last,
            node.Core.Log.Base,
            node.Core.DurableIndex,
            node.Core.MembershipIndex);
    }
}
