namespace Graft.Consensus.Tests.Museum;

/// <summary>What the tests of exhibits E and G ask again and again.</summary>
internal static class MembershipFacts
{
    internal static NodeId N(ulong id) => new(id);

    internal static Member Learner(ulong id) => new(new NodeId(id), MemberRole.Learner);

    internal static Member Voter(ulong id) => new(new NodeId(id), MemberRole.Voter);

    /// <summary>The configuration is the last one in the log, else the snapshot's: nothing else may be remembered (thesis §4.1).</summary>
    internal static void AssertFolded(LabNode node)
    {
        RaftCore core = node.Core;
        for (LogIndex index = core.Log.Last.Index; index > core.Log.Base.Index; index = index.Previous)
        {
            if (node.Host!.Find(index)?.Membership is { } inLog)
            {
                Assert.Equal(index, core.MembershipIndex);
                Assert.Equal(inLog, core.Membership);
                return;
            }
        }

        Assert.True(core.MembershipIndex <= core.Log.Base.Index, $"{node.Id} counts a configuration of {core.MembershipIndex}, which its log doesn't hold.");
        if (node.Disk.Snapshot is { } image && image.Snapshot.Last == core.Log.Base)
        {
            Assert.Equal(image.Snapshot.Membership, core.Membership);
        }
    }

    /// <summary>Lets time pass until a change is done and everybody in it has everything.</summary>
    internal static void AssertConverges(Lab lab, int timeouts = 20)
    {
        bool isSettled = lab.RunUntil(() => IsSettled(lab), Lab.T * timeouts);
        Assert.True(isSettled, string.Join('\n', lab.Up.Select(node => $"{node.Core.Status(node.Clock.Read(lab.Now)).Explain()} log {node.Last} {node.Membership}")));
        LabNode leader = lab.Leader!;
        Proposal proposal = lab.Propose(leader.Id.Value, payload: 999);
        Assert.True(proposal.IsAppended, proposal.Refusal.ToString());
        LabNode[] members = [.. lab.Up.Where(node => leader.Membership.Find(node.Id) is { IsWitness: false })];
        bool isApplied = lab.RunUntil(() => members.All(node => node.State.Applied >= proposal.Last.Index), Lab.T * 4);
        Assert.True(isApplied, "The write isn't applied everywhere.");
        Assert.All(members, node => Assert.Equal(leader.State, node.State));
        Assert.All(lab.Up, AssertFolded);
    }

    private static bool IsSettled(Lab lab) =>
        lab.Leader is { } leader
        && leader.Membership.IsVoter(leader.Id)
        && !leader.Membership.IsJoint
        && leader.Commit == leader.Last.Index
        && leader.Last.Term == leader.Term
        && lab.Up.Where(node => leader.Membership.Contains(node.Id)).All(node => node.Last == leader.Last && node.Commit == leader.Commit);
}
