namespace Graft.Consensus.Tests.Seeds;

/// <summary>The defects of the Python "graft", section 4.3 of what was asked for.</summary>
public sealed class SeedDefects_PythonGraft
{
    [Fact] // 4.3 (1): votes were broadcast and counted by every candidate, and two led one term.
    public void A_vote_counts_for_the_candidate_that_it_names()
    {
        var lab = new Lab(1, 2, 3, 4, 5);
        lab.Skip(Lab.T * 2);
        lab.Hold(Lab.Of(MessageKind.RequestVote));
        lab.Hold(Lab.Of(MessageKind.RequestVoteReply));
        lab.Campaign(1);
        lab.Campaign(2);
        lab.Deliver();
        Assert.Equal((Role.Candidate, Role.Candidate), (lab[1].Role, lab[2].Role));
        Assert.Equal(lab[1].Term, lab[2].Term);

        lab.Inject(lab.Log.Last(Lab.Of(MessageKind.RequestVote, from: 1, to: 3)));
        lab.Inject(lab.Log.Last(Lab.Of(MessageKind.RequestVote, from: 2, to: 4)));
        lab.Inject(lab.Log.Last(Lab.Of(MessageKind.RequestVote, from: 2, to: 5)));
        foreach (Message vote in lab.Log.Where(m => m.Kind == MessageKind.RequestVoteReply && m.IsGranted).ToArray())
        {
            lab.Inject(vote, at: 1);
            lab.Inject(vote, at: 2);
        }

        Assert.Equal((Role.Candidate, Role.Leader), (lab[1].Role, lab[2].Role));
    }

    [Fact] // 4.3 (2): a log had to be newer and longer.
    public void A_shorter_log_of_a_newer_term_gets_the_vote()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(1);
        lab.Propose(1, payload: 1);
        lab.Skip(Lab.T * 2);
        lab.Inject(lab.Draft(MessageKind.HeartbeatReply, from: 2, to: 1, term: 4));
        lab.Skip(Lab.T * 2);

        lab.Inject(lab.VoteRequest(from: 2, to: 1, term: 5) with { Entry = EntryId.Of(3, 2) });

        Assert.True(lab[1].Last.Index > new LogIndex(2));
        Assert.True(lab.LastSent(MessageKind.RequestVoteReply, from: 1).IsGranted);
    }

    [Fact] // 4.3 (3): a leader committed whatever it had appended.
    public void A_leader_commits_nothing_that_nobody_acknowledged()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        LogIndex before = lab[1].Commit;

        lab.Propose(1, payload: 1);

        Assert.Equal(before, lab[1].Commit);
    }

    [Fact] // 4.3 (4): a stale leader's append counted as word from a leader.
    public void A_stale_append_is_no_word_from_the_leader()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Elect(3);
        Instant due = lab[2].Core.NextDeadline;
        lab.Skip(Lab.Ms(100));

        lab.Inject(lab.Draft(MessageKind.AppendEntries, from: 1, to: 2, term: 2) with { Entry = EntryId.Of(1, 1), Last = new LogIndex(1) });

        Assert.Equal(due, lab[2].Core.NextDeadline);
        Assert.Equal(MessageReason.TermBehind, lab.LastSent(MessageKind.AppendEntriesReply, from: 2).Reason);
    }

    [Fact] // 4.3 (5): vote and term weren't stored, so a restarted node voted twice.
    public void A_restarted_voter_remembers_its_vote()
    {
        var lab = new Lab(1, 2, 3);
        lab.Skip(Lab.T * 2);
        lab.Inject(lab.VoteRequest(from: 1, to: 2, term: 2));
        Assert.True(lab.LastSent(MessageKind.RequestVoteReply, from: 2).IsGranted);

        lab.Crash(2);
        lab.Restart(2);
        lab.Skip(Lab.T * 2);
        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 2));

        Assert.Equal((new Term(2), new NodeId(1)), (lab[2].Term, lab[2].VotedFor));
        Assert.False(lab.LastSent(MessageKind.RequestVoteReply, from: 2).IsGranted);
    }
}
