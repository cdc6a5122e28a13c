namespace Graft.Consensus;

/// <summary>A deposed leader's open question: does the target of its transfer lead?</summary>
internal sealed record Handover(NodeId Target, Instant Deadline);
