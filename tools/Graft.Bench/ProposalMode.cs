namespace Graft.Bench;

internal enum ProposalMode
{
    /// <summary>One call to propose; the next only after its commit.</summary>
    Closed,

    /// <summary>As many calls as the batch has entries, each of one entry, before the leader is asked what to send.</summary>
    Pipelined,
}
