using Graft.Simulation.Core;

namespace Graft.Consensus.Tests.Seeds;

/// <summary>The defects of "Tiny Raft", section 2.3 of what was asked for.</summary>
public sealed class SeedDefects_TinyRaft
{
    [Fact] // 2.3 (1): a write at a node that doesn't lead was dropped, and answered with success.
    public void A_node_that_does_not_lead_refuses_a_write()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        EntryId last = lab[2].Last;

        Proposal proposal = lab.Propose(2, payload: 1);

        Assert.Equal(ProposalRefusal.NotLeader, proposal.Refusal);
        Assert.Equal((last, new NodeId(1)), (lab[2].Last, lab[2].Leader));
    }

    [Fact] // 2.3 (2): a vote went to anyone whose term wasn't lower: no look at the log or the vote, and the term wasn't adopted.
    public void A_vote_is_given_once_a_term_to_a_complete_log_and_the_term_is_adopted()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Skip(Lab.T * 2);

        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 5) with { Entry = EntryId.Of(1, 1) });
        Assert.False(lab.LastSent(MessageKind.RequestVoteReply, from: 2).IsGranted);
        Assert.Equal(new Term(5), lab[2].Term);
        lab.Inject(lab.VoteRequest(from: 1, to: 2, term: 5));
        Assert.True(lab.LastSent(MessageKind.RequestVoteReply, from: 2).IsGranted);
        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 5));

        Assert.False(lab.LastSent(MessageKind.RequestVoteReply, from: 2).IsGranted);
    }

    [Fact] // 2.3 (3): a failed call deleted the voter, and the quorum shrank.
    public void A_voter_that_cannot_be_reached_is_still_a_voter()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(1);
        for (int i = 0; i < 10; i++)
        {
            lab[1].Core.ReportUnreachable(new NodeId(2), lab.Now);
            lab[1].Core.ReportUnreachable(new NodeId(3), lab.Now);
        }

        Proposal write = lab.Propose(1, payload: 1);
        lab.Run(Lab.T * 2);

        Assert.True(lab[1].Commit < write.Last.Index);
        Assert.Equal(3, lab[1].Membership.IncomingVoters.Length);
    }

    [Fact] // 2.3 (4): of two voters, one's own vote was a majority.
    public void Of_two_voters_neither_leads_alone()
    {
        var lab = new Lab(1, 2);
        lab.Isolate(1);

        lab.Run(Lab.T * 10);

        Assert.Null(lab.Leader);
    }

    [Fact] // 2.3 (5): an append of a higher term lost its entries, and was answered with success.
    public void The_append_that_brings_a_new_term_is_stored_like_any_other()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Isolate(3);
        lab.Crash(1);
        lab.Restart(1);
        lab.Elect(2);
        Message append = lab.Log.First(m => m.Kind == MessageKind.AppendEntries && m.From.Value == 2 && m.EntryCount > 0);
        Assert.True(lab[3].Term < append.Term);

        lab.Inject(new Envelope(
            append with { To = new NodeId(3), ToIncarnation = Incarnation.Unknown },
            [.. lab[2].Disk.Entries.Where(entry => entry.Id.Index > append.Previous.Index && entry.Id.Index <= append.Last)]));

        Assert.Equal(append.Last, lab[3].Last.Index);
        Assert.Equal(append.Term, lab[3].Last.Term);
        Assert.True(lab.LastSent(MessageKind.AppendEntriesReply, from: 3).IsGranted);
    }

    [Fact] // 2.3 (7): a follower committed what it received, and the leader took a refusal for an acknowledgement.
    public void An_entry_is_committed_by_acknowledgements_and_by_nothing_else()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Hold(Lab.Of(MessageKind.AppendEntriesReply));
        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver();
        Message sent = lab.LastSent(MessageKind.AppendEntries, from: 1);

        foreach (ulong follower in (ulong[])[2, 3])
        {
            Assert.True(lab[follower].Commit < write.Last.Index);
            lab.Inject(lab.Draft(MessageKind.AppendEntriesReply, follower, to: 1, term: 2) with
            {
                Reason = MessageReason.LogMismatch,
                Last = sent.Previous.Index,
                Entry = sent.Previous,
                Sequence = sent.Sequence,
            });
        }

        Assert.True(lab[1].Commit < write.Last.Index);
    }

    [Fact] // 2.3 (8): non-voters never received an entry, and followers knew no peers.
    public void A_learner_receives_everything_and_knows_everybody()
    {
        Lab lab = SeedDefects_GoGraft.ThreeVotersAndALearner();
        lab.Elect(1);
        lab.Join(5);
        lab.Change(1, MembershipChange.None.AddLearner(new NodeId(5)));
        lab.Propose(1, payload: 1);
        lab.Run(Lab.T);

        Assert.All(lab.Nodes, node => Assert.Equal(lab[1].State, node.State));
        Assert.All(lab.Nodes, node => Assert.Equal(lab[1].Membership, node.Membership));
    }
}
