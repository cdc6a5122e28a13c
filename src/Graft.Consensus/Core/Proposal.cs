namespace Graft.Consensus;

/// <summary>The answer to a proposal: where its entries went, or why they went nowhere.</summary>
/// <remarks>
/// An appended entry is committed when the commit index passes it <em>and</em> the log still holds this (index, term). If
/// leadership is lost before that, its outcome is unknown until the index is committed with this or another term.
/// </remarks>
/// <param name="Refusal">Why nothing was appended; none if it was.</param>
/// <param name="First">The first of the entries, if they were appended.</param>
/// <param name="Last">The last of them.</param>
public readonly record struct Proposal(ProposalRefusal Refusal, EntryId First, EntryId Last)
{
    /// <summary>Whether the entries are in the leader's log. That isn't committed yet.</summary>
    public bool IsAppended => Refusal == ProposalRefusal.None;

    internal static Proposal Refused(ProposalRefusal refusal) => new(refusal, default, default);
}
