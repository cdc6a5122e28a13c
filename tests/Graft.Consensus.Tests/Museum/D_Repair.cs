using System.Numerics;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits D07 to D12: how a leader finds out what a follower has, and counts it.</summary>
public sealed class D_Repair
{
    [Fact] // D07: a probe below the compacted log made the leader panic (etcd 76f1249).
    public void A_follower_that_falls_behind_the_log_while_its_window_is_full_gets_a_snapshot()
    {
        var lab = new Lab(Membership.Of(1, 2, 3), OneInFlight);
        lab.Elect(1);
        lab.Hold(Lab.Of(MessageKind.AppendEntries, from: 1, to: 3));
        for (ulong payload = 1; payload <= 20; payload++)
        {
            lab.Propose(1, payload);
            lab.Deliver();
            lab.Snapshot(1);
        }

        lab.DropInFlight(Lab.Of(MessageKind.AppendEntries, from: 1, to: 3));
        lab.Release();
        lab.Run(Lab.T * 4);

        Assert.True(lab.CountSent(MessageKind.InstallSnapshot, from: 1) > 0);
        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Theory] // D08: more than fifty conflicting entries never converged (openraft 6d53aa12).
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(51)]
    [InlineData(2000)]
    public void A_conflict_of_any_length_is_settled_in_a_few_rounds(int length)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(1);
        for (int i = 0; i < length; i++)
        {
            lab.Propose(1, payload: 1);
        }

        lab.Elect(2);
        for (int i = 0; i < length; i++)
        {
            lab.Propose(2, payload: 2);
        }

        lab.Deliver();
        lab.Crash(2);
        lab.Restart(2);
        lab.Elect(2);
        lab.Heal();
        lab.Run(Lab.T);

        Assert.Equal(lab[2].Last, lab[1].Last);
        Assert.Equal(lab[2].State, lab[1].State);
        Assert.InRange(lab.Log.Count(m => m.Reason == MessageReason.LogMismatch && m.From.Value == 1), 1, 3);
    }

    [Fact] // D08: with many short terms, each round settles one of them.
    public void A_conflict_of_many_terms_is_settled_in_as_many_rounds()
    {
        var lab = new Lab(1, 2, 3, 4, 5);
        const int Terms = 8;
        lab.Isolate(5);
        for (int i = 0; i < Terms; i++)
        {
            // 5 wins with the votes of two who never see its entries; then 1 to 4 do the same without it.
            lab.Heal();
            lab.Hold(message => message.From.Value == 5 && message.Kind == MessageKind.AppendEntries);
            lab.Cut(1, 5);
            lab.Elect(5);
            lab.Propose(5, payload: 5);
            lab.DropInFlight(_ => true);
            lab.Isolate(5);
            lab.Release();
            lab.Crash(5);
            lab.Restart(5);
        }

        lab.Elect(1);
        lab.Deliver();
        int before = Refusals(lab);
        lab.Heal();
        lab.Run(Lab.T * 4);

        Assert.All(lab.Nodes, node => Assert.Equal(lab.Leader!.Last, node.Last));
        Assert.InRange(Refusals(lab) - before, 0, Terms + 4);
    }

    [Fact] // D09: a hint moved the next index below the match, or beyond the log (CCF#3723).
    public void No_answer_moves_the_next_index_below_the_match_or_beyond_the_log()
    {
        var random = new SeededRandom(9);
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        for (ulong payload = 0; payload < 8; payload++)
        {
            lab.Propose(1, payload);
        }

        lab.Deliver();
        LogIndex match = Member(lab, 3).Match;
        for (int i = 0; i < 4000; i++)
        {
            ulong last = (ulong)random.Next(0, 14);
            ulong hint = (ulong)random.Next(0, 14);
            ulong hintTerm = hint == 0 ? 0 : (ulong)random.Next(1, 4);
            bool refused = random.Chance(900);
            lab.Inject(lab.Draft(MessageKind.AppendEntriesReply, from: 3, to: 1, term: 2) with
            {
                Flags = refused ? MessageFlags.None : MessageFlags.Granted,
                Reason = refused ? MessageReason.LogMismatch : MessageReason.None,
                Last = new LogIndex(refused ? last : Math.Min(last, match.Value)),
                Entry = refused ? EntryId.Of(hintTerm, hint) : EntryId.Zero,
                Sequence = (ulong)random.Next(0, 40),
            });

            // Match < next <= last + 1 is checked after every input; only a disk that went back takes match with it.
            MemberStatus member = Member(lab, 3);
            Assert.True(member.Match >= match || member.State == ProgressState.Suspect);
            if (member.State == ProgressState.Suspect)
            {
                return;
            }
        }
    }

    [Fact] // D10: acknowledgements of an earlier life counted for the present one (openraft cecb5de8).
    public void What_an_earlier_life_acknowledged_is_not_believed_of_the_present_one()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Hold(Lab.Of(MessageKind.AppendEntriesReply, from: 2, to: 1));
        lab.Propose(1, payload: 1);
        lab.Deliver();
        Message old = lab.LastSent(MessageKind.AppendEntriesReply, from: 2);

        lab.Hold(message => message.Kind == MessageKind.AppendEntries && message.To.Value == 2);
        lab.Crash(2);
        lab.Restart(2);
        lab.Run(Lab.T);
        Assert.Equal(new Incarnation(2), Member(lab, 2).Incarnation);

        Assert.Equal(StepOutcome.OtherIncarnation, lab.Inject(old));
        Assert.Equal(LogIndex.Zero, Member(lab, 2).Match);
    }

    [Fact] // D10: nor does the message that the old life was sent act on the new one.
    public void A_message_to_an_earlier_life_acts_on_nothing()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(100));
        lab.Hold(Lab.To(2));
        lab.Propose(1, payload: 1);
        EntryId last = lab[2].Last;
        lab.Crash(2);
        lab.Restart(2);

        lab.Release(Lab.Of(MessageKind.AppendEntries));
        StepOutcome? outcome = lab.DeliverOne(Lab.Of(MessageKind.AppendEntries, from: 1, to: 2));

        Assert.Equal(StepOutcome.OtherIncarnation, outcome);
        Assert.Equal(last, lab[2].Last);
    }

    [Fact] // D11: a refusal that came after replication had passed it rewound the progress (openraft fbbf37b1).
    public void A_late_refusal_rewinds_nothing()
    {
        var lab = new Lab(1, 2, 3);
        lab.Isolate(3);
        lab.Elect(1);
        lab.Propose(1, payload: 1);
        lab.Deliver();
        lab.Heal();
        lab.Run(Lab.T);
        Message refusal = lab.LastSent(MessageKind.AppendEntriesReply, from: 3) with
        {
            Flags = MessageFlags.None,
            Reason = MessageReason.LogMismatch,
            Entry = EntryId.Of(1, 1),
            Last = new LogIndex(2),
            Sequence = 1,
        };
        for (ulong payload = 0; payload < 100; payload++)
        {
            lab.Propose(1, payload);
            lab.Deliver();
            MemberStatus before = Member(lab, 3);

            lab.Inject(refusal);

            Assert.Equal((before.Match, before.Next, before.State), (Member(lab, 3).Match, Member(lab, 3).Next, Member(lab, 3).State));
        }
    }

    [Fact] // D12: an index was committed with two of five voters at it, or with a learner's (openraft#1802, hashicorp 163a55f).
    public void A_quorum_has_reached_what_a_majority_has_reached()
    {
        var random = new SeededRandom(12);
        for (int voters = 1; voters <= 7; voters++)
        {
            ulong[] reached = new ulong[voters];
            for (int update = 0; update < 4000; update++)
            {
                reached[random.Next(0, voters - 1)] = (ulong)random.Next(0, 8);
                ulong expected = reached.Max(value => reached.Count(other => other >= value) > voters / 2 ? value : 0);

                Assert.Equal(expected, new MajorityQuorum(voters).Reached([.. reached]));
            }
        }
    }

    [Theory] // D12: in a whole cluster, of every size and with every set of members that store.
    [InlineData(1, 0)]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(5, 0)]
    [InlineData(6, 0)]
    public void An_entry_is_committed_once_a_majority_of_voters_has_it_and_not_before(int voters, int learners)
    {
        int size = voters + learners;
        Membership membership = Membership.Of(
            Enumerable.Range(1, size).Select(id => new Member(new NodeId((ulong)id), id <= voters ? MemberRole.Voter : MemberRole.Learner)));
        for (uint storing = 0; storing < 1u << size; storing++)
        {
            var lab = new Lab(membership);
            lab.Elect(1);
            foreach (LabNode node in lab.Nodes.Where(node => (storing >> (int)(node.Id.Value - 1) & 1) == 0))
            {
                lab.Stall(node.Id.Value);
            }

            Proposal write = lab.Propose(1, payload: 1);
            lab.Deliver();

            int stored = BitOperations.PopCount(storing & ((1u << voters) - 1));
            Assert.Equal(stored > voters / 2, lab[1].Commit >= write.Last.Index);
        }
    }

    internal static MemberStatus Member(Lab lab, ulong id) =>
        lab.Leader!.Core.Status(lab.Now).Members.Single(member => member.Member.Id.Value == id);

    private static int Refusals(Lab lab) => lab.Log.Count(message => message.Reason == MessageReason.LogMismatch);

    private static RaftOptions OneInFlight(ulong id, Incarnation incarnation) => new()
    {
        Cluster = Lab.Cluster,
        Node = new NodeId(id),
        Incarnation = incarnation,
        Seed = id,
        WindowMessagesMax = 1,
    };

    [Fact] // D10, E19: a node that has lost all that it knew, its term included
    public void A_new_life_without_a_term_answers_in_the_leaders()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        LabNode amnesiac = lab.Join(4);
        lab.Crash(4);
        lab.Restart(4);
        Assert.Equal(Term.Zero, amnesiac.Term);

        lab.Inject(lab.Draft(MessageKind.Heartbeat, 1, 4, lab[1].Term.Value) with { ToIncarnation = new Incarnation(1), Round = 1 });

        Message answer = lab.LastSent(MessageKind.HeartbeatReply, 4);
        Assert.Equal(MessageReason.OtherIncarnation, answer.Reason);
        Assert.Equal(lab[1].Term, answer.Term);
    }
}
