namespace Graft.Consensus;

/// <summary>Messages in words, for traces and golden scripts.</summary>
internal static class MessageText
{
    internal static string Of(in Message m) => $"{m.From}->{m.To} {m.Term} {Body(m)}";

    private static string Body(in Message m) => m.Kind switch
    {
        MessageKind.PreVote => $"PreVote last={m.LastEntry}",
        MessageKind.PreVoteReply => $"PreVoteReply {Verdict(m)}",
        MessageKind.RequestVote => $"RequestVote last={m.LastEntry}{(m.IsTransfer ? " transfer" : "")}",
        MessageKind.RequestVoteReply => $"RequestVoteReply {Verdict(m)}",
        MessageKind.AppendEntries => $"AppendEntries prev={m.Previous} {Range(m)} commit={m.Commit}{Marks(m)}",
        MessageKind.AppendEntriesReply => m.IsGranted
            ? $"AppendEntriesReply match={m.Last}"
            : $"AppendEntriesReply refused {m.Reason} prev={m.Last} hint={m.Hint}",
        MessageKind.Heartbeat => $"Heartbeat round={m.Round} commit={m.Commit}{(m.IsRest ? " rest" : "")}",
        MessageKind.HeartbeatReply => $"HeartbeatReply round={m.Round}{(m.IsRest ? " rests" : "")}{(m.Reason == MessageReason.None ? "" : $" {m.Reason}")}",
        MessageKind.InstallSnapshot => $"InstallSnapshot {m.Snapshot?.Last}",
        MessageKind.InstallSnapshotReply => $"InstallSnapshotReply {m.Entry} {m.Reason} bytes={m.Bytes}",
        MessageKind.TimeoutNow => $"TimeoutNow last={m.Last}",
        MessageKind.ReadIndex => $"ReadIndex {m.Sequence}{(m.TakesLease ? " lease" : "")}",
        MessageKind.ReadIndexReply => m.IsGranted
            ? $"ReadIndexReply {m.Sequence} index={m.Last}{(m.TakesLease ? " lease" : "")}"
            : $"ReadIndexReply {m.Sequence} refused {m.Reason}",
        _ => m.Kind.ToString(),
    };

    private static string Verdict(in Message m) => m.IsGranted ? "granted" : $"refused {m.Reason}";

    private static string Range(in Message m) =>
        m.Last < m.Entry.Index ? $"backwards to {m.Last}"
        : m.EntryCount == 0 ? "empty"
        : $"[{m.Entry.Index.Next}..{m.Last}]@{m.EntriesTerm}";

    private static string Marks(in Message m) =>
        $"{(m.Membership is null ? "" : $" {{{m.Membership}}}")}{(m.HostClips ? " clip" : "")}{(m.HeadersOnly ? " headers" : "")}";
}
