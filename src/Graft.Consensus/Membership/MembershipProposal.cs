namespace Graft.Consensus;

/// <summary>The answer to a membership change: where its entry went, or why it went nowhere.</summary>
/// <param name="Refusal">None if the entry was appended.</param>
/// <param name="Entry">The (joint) configuration entry. The change is done when the configuration isn't joint any more.</param>
public readonly record struct MembershipProposal(MembershipRefusal Refusal, EntryId Entry)
{
    /// <summary>Whether the change was begun.</summary>
    public bool IsAppended => Refusal == MembershipRefusal.None;
}
