using Graft.Consensus;
using Graft.Network;

namespace Graft.Tests;

/// <summary>The bodies of calls: what is written is read, and nothing else is believed.</summary>
public sealed class ProtocolTests
{
    public static TheoryData<string> Bodies => [.. Samples().Select(sample => sample.Name)];

    [Fact]
    public void A_write_comes_through_as_it_was()
    {
        var call = new WriteCall(WriteForm.Command, new WriteOptions { Session = 7, Sequence = 300, AnsweredBelow = 299, IsLocalOnly = true }, "abc"u8.ToArray());

        Assert.True(WriteCall.TryRead(call.Encode(), out WriteCall read));

        Assert.Equal((call.Form, call.Options), (read.Form, read.Options));
        Assert.Equal(call.Command.ToArray(), read.Command.ToArray());
    }

    [Fact]
    public void A_read_comes_through_as_it_was()
    {
        ReadConsistency[] levels =
        [
            ReadConsistency.Linearizable, ReadConsistency.Lease, ReadConsistency.Local,
            ReadConsistency.AtLeast(new LogIndex(99)), ReadConsistency.Bounded(TimeSpan.FromMilliseconds(250)),
        ];
        foreach (ReadConsistency level in levels)
        {
            Assert.True(ReadCall.TryRead(new ReadCall(level, "q"u8.ToArray()).Encode(), out ReadCall read));
            Assert.Equal(level, read.Consistency);
            Assert.NotNull(read.Query);
            Assert.True(ReadCall.TryRead(new ReadCall(level, null).Encode(), out read));
            Assert.Null(read.Query);
        }
    }

    [Fact]
    public void A_failure_comes_through_as_it_was()
    {
        var reply = new FailureReply(RejectReason.NotLeader, new NodeId(0), new WriteId(EntryId.Of(3, 4), 5, 6), "not here");

        Assert.True(FailureReply.TryRead(reply.Encode(), out FailureReply read));

        Assert.Equal(reply, read);
    }

    [Fact]
    public void A_group_comes_through_as_it_was()
    {
        var info = new GroupInfo(new Term(4), new NodeId(2), new LogIndex(9), new LogIndex(3), Membership.Of(1, 2, 3), [(new NodeId(2), "b:1")]);

        GroupInfo? read = GroupInfo.TryRead(info.Encode());

        Assert.NotNull(read);
        Assert.Equal((info.Term, info.Leader, info.Applied, info.Membership), (read.Term, read.Leader, read.Applied, read.Membership));
        Assert.Equal(info.Addresses.AsEnumerable(), read.Addresses);
    }

    [Fact]
    public void A_change_of_members_comes_through_as_it_was()
    {
        MembershipChange change = MembershipChange.None.Add(new NodeId(1)).AddLearner(new NodeId(2)).AddWitness(new NodeId(3))
            .Promote(new NodeId(4)).Demote(new NodeId(5)).Remove(new NodeId(6));

        MembersRequest? read = MembersRequest.TryRead(new MembersRequest(change, new LogIndex(8)).Encode());

        Assert.NotNull(read);
        Assert.Equal(change.Edits.AsEnumerable(), read.Change.Edits);
        Assert.Equal(new LogIndex(8), read.Expected);
    }

    [Fact]
    public void A_refused_change_of_members_comes_through_with_its_code()
    {
        var reply = new FailureReply(RejectReason.MembersRefused, null, default, "not so") { Members = (MembershipRefusal.QuorumUnreachable, new LogIndex(300)) };

        Assert.True(FailureReply.TryRead(reply.Encode(), out FailureReply read));

        Assert.Equal(reply, read);
    }

    [Fact]
    public void A_plan_comes_through_as_it_was()
    {
        MembersPlan plan = Plan();

        MembersPlan? read = MembersPlan.TryRead(plan.Encode(), plan.Request);

        Assert.NotNull(read);
        Assert.Equal(plan.Now.Members.AsEnumerable(), read.Now.Members);
        Assert.Equal(plan.Now with { Members = [] }, read.Now with { Members = [] });
        Assert.Equal(plan.Warnings.AsEnumerable(), read.Warnings);
        Assert.Equal((plan.After, plan.Successor, plan.Refusal, plan.Why), (read.After, read.Successor, read.Refusal, read.Why));
        Assert.Equal(plan.Now.Index, read.Request.Expected);
    }

    [Fact]
    public void What_is_asked_of_members_comes_through_with_all_that_surrounds_it()
    {
        var request = new MembersRequest(MembershipChange.None.Add(new NodeId(1)), new LogIndex(8))
        {
            Addresses = [(new NodeId(1), new NodeAddress("n1", 7000))],
            StopRemoved = true,
            Force = true,
        };

        MembersRequest? read = MembersRequest.TryRead(request.Encode());

        Assert.NotNull(read);
        Assert.Equal(request.Addresses.AsEnumerable(), read.Addresses);
        Assert.Equal((true, true), (read.StopRemoved, read.Force));
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Whatever_the_bytes_are_no_parser_throws(string name)
    {
        (string _, byte[] bytes, Func<byte[], bool> parse) = Samples().Single(sample => sample.Name == name);
        var random = new SeededRandom(11);
        Assert.True(parse(bytes));
        for (int i = 0; i < 50_000; i++)
        {
            byte[] broken = bytes[..random.Next(0, bytes.Length)];
            for (int flip = random.Next(0, 3); flip > 0 && broken.Length > 0; flip--)
            {
                broken[random.Next(0, broken.Length - 1)] = (byte)random.NextBelow(256);
            }

            parse(broken);
        }
    }

    private static IEnumerable<(string Name, byte[] Bytes, Func<byte[], bool> Parse)> Samples()
    {
        yield return ("write", new WriteCall(WriteForm.Command, new WriteOptions { Session = 9, Sequence = 1 << 20 }, new byte[20]).Encode(), bytes => WriteCall.TryRead(bytes, out _));
        yield return ("write reply", WriteReply.Encode(new WriteResult(new LogIndex(1 << 20), new byte[5])), bytes => WriteReply.TryRead(bytes, out _));
        yield return ("read", new ReadCall(ReadConsistency.Bounded(TimeSpan.FromDays(1)), new byte[3]).Encode(), bytes => ReadCall.TryRead(bytes, out _));
        yield return ("read reply", ReadReply.Encode(new QueryResult(new LogIndex(77), ReadConsistencyKind.Lease, new byte[5])), bytes => ReadReply.TryRead(bytes, out _));
        yield return ("failure", new FailureReply(RejectReason.NoLeader, new NodeId(5), default, "why").Encode(), bytes => FailureReply.TryRead(bytes, out _));
        yield return ("group", new GroupInfo(new Term(4), new NodeId(2), default, default, Membership.Of(1, 2, 3), [(new NodeId(2), "b:1")]).Encode(), bytes => GroupInfo.TryRead(bytes) is not null);
        yield return ("members", new MembersRequest(MembershipChange.None.Add(new NodeId(1)), null).Encode(), bytes => MembersRequest.TryRead(bytes) is not null);
        yield return ("plan", Plan().Encode(), bytes => MembersPlan.TryRead(bytes, new MembersRequest(MembershipChange.None)) is not null);
        yield return ("members view", Plan().Now.Encode(), bytes => MembersView.TryRead(bytes) is not null);
        yield return ("removed", new RemovedCall(new LogIndex(77), true).Encode(), bytes => RemovedCall.TryRead(bytes, out _));
        yield return ("transfer", new TransferCall(new NodeId(3)).Encode(), bytes => TransferCall.TryRead(bytes, out _));
        yield return ("envelope", Envelope(), bytes => EntryEnvelope.TryRead(bytes, out _, out _));
    }

    private static MembersPlan Plan()
    {
        var membership = Membership.Of(1, 2);
        MemberView[] members =
        [
            .. membership.Members.ToArray().Select(member => new MemberView
            {
                Member = member,
                Address = $"n{member.Id}:1",
                Phase = CatchUpPhase.Snapshot,
                Match = new LogIndex(4),
                Lag = 1 << 20,
                SilentFor = TimeSpan.FromMilliseconds(17),
                IsReachable = true,
                SnapshotBytes = 5,
                SnapshotTotal = 1L << 40,
            }),
        ];
        var now = new MembersView(new NodeId(1), new Term(3), new LogIndex(2), new LogIndex(9), membership, IsChanging: true, [.. members]);
        return new MembersPlan
        {
            Request = new MembersRequest(MembershipChange.None.Remove(new NodeId(2)), new LogIndex(2)),
            Now = now,
            After = Membership.Of(1),
            Successor = new NodeId(2),
            Refusal = MembershipRefusal.NoAddress,
            Why = "so",
            Warnings = [new PlanWarning(PlanWarningKind.EvenVoters, "even")],
        };
    }

    private static byte[] Envelope()
    {
        byte[] bytes = new byte[EntryEnvelope.SizeOf(WriteForm.Command, hasSession: true, 4)];
        new EntryEnvelope(WriteForm.Command, 1, 2, 3, 4, 5, 6).Write("abcd"u8, bytes);
        return bytes;
    }
}
