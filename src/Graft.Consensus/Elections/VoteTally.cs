namespace Graft.Consensus;

/// <summary>The answers to one campaign: a set of voters, not a count, so that a repeated answer counts once.</summary>
internal sealed class VoteTally
{
    private readonly SortedDictionary<NodeId, bool> _answers = [];

    /// <summary>How many asked members have answered at all.</summary>
    internal int Answers => _answers.Count;

    internal int Grants
    {
        get
        {
            int grants = 0;
            foreach (KeyValuePair<NodeId, bool> answer in _answers)
            {
                grants += answer.Value ? 1 : 0;
            }

            return grants;
        }
    }

    /// <summary>Notes an answer; the first one stands.</summary>
    internal void Note(NodeId voter, bool granted) => _answers.TryAdd(voter, granted);

    /// <summary>Counts the voters of <paramref name="membership"/> and nobody else, each half by itself.</summary>
    internal QuorumOutcome Outcome(Membership membership)
    {
        // An empty half grants everything, which is right for the outgoing one and must never elect anybody.
        Invariant.Check(membership.IncomingVoters.Length > 0);
        JointQuorum quorum = membership.Quorum;
        QuorumOutcome incoming = Half(membership.IncomingVoters, quorum.Incoming);
        QuorumOutcome outgoing = Planted.VoteCountsIncomingOnly ? QuorumOutcome.Won : Half(membership.OutgoingVoters, quorum.Outgoing);
        return JointQuorum.Both(incoming, outgoing);
    }

    private QuorumOutcome Half(ReadOnlySpan<NodeId> voters, MajorityQuorum quorum)
    {
        int granted = 0;
        int refused = 0;
        foreach (NodeId voter in voters)
        {
            if (_answers.TryGetValue(voter, out bool answer))
            {
                granted += answer ? 1 : 0;
                refused += answer ? 0 : 1;
            }
        }

        if (Planted.VotesOfNonVotersCount)
        {
            granted = Math.Min(Grants, quorum.Voters - refused);
        }

        return quorum.Outcome(granted, refused);
    }
}
