namespace Graft.Consensus;

/// <summary>What a node remembers across restarts besides its log (thesis Figure 3.1, "persistent state").</summary>
/// <param name="Term">The latest term that it has seen.</param>
/// <param name="VotedFor">Whom it voted for in that term.</param>
/// <param name="Commit">A commit index that it has known. A hint that shortens recovery; no flush is made for its sake.</param>
/// <param name="Log">
/// Whether its log has payloads. A host that didn't store it would bring a witness back as a full member, and its leader
/// would refuse to go on with it.
/// </param>
public readonly record struct HardState(Term Term, NodeId? VotedFor, LogIndex Commit, LogKind Log = LogKind.Full)
{
    public override string ToString() =>
        $"{Term} vote={(VotedFor is { } node ? node.ToString() : "none")} commit={Commit}{(Log == LogKind.HeadersOnly ? " headers" : "")}";
}
