namespace Graft.Consensus;

/// <summary>One campaign, in its pre-vote or in its real round.</summary>
internal sealed class CandidateState
{
    internal CandidateState(bool isPreVote, bool isTransfer, ulong campaign)
    {
        IsPreVote = isPreVote;
        IsTransfer = isTransfer;
        Campaign = campaign;
    }

    internal bool IsPreVote { get; }

    internal bool IsTransfer { get; }

    /// <summary>Answers name the campaign they belong to: a late one of an earlier campaign counts for nothing.</summary>
    internal ulong Campaign { get; }

    internal VoteTally Tally { get; } = new();

    /// <summary>The order whose completion makes our vote for ourselves durable; until then it isn't counted.</summary>
    internal ulong OwnVoteIn { get; set; }
}
