using System.Text.RegularExpressions;

namespace Graft.Consensus.Tests;

/// <summary>Tells what happens in a lab, one line per event: the output of the golden scripts.</summary>
internal sealed partial class LabNarrator
{
    private readonly SortedDictionary<NodeId, Standing> _seen = [];

    /// <summary>What has been told since the lines were taken last.</summary>
    internal List<string> Lines { get; } = [];

    /// <summary>Whether messages are told as they arrive, and not only what comes of them.</summary>
    internal bool ShowsMessages { get; set; }

    /// <summary>"LogBehind" as "log behind".</summary>
    internal static string Words(Enum value) =>
        Capital().Replace(value.ToString(), match => $" {match.Value.ToLowerInvariant()}").TrimStart();

    internal static string Describe(TermRuns log)
    {
        IEnumerable<string> runs = Enumerable.Range(0, log.Count).Select(position => log[position].ToString());
        string text = string.Join(' ', log.Base == EntryId.Zero ? runs : runs.Prepend($"({log.Base})"));
        return text.Length == 0 ? "empty" : text;
    }

    internal void Say(string line) => Lines.Add(line);

    internal void Started(LabNode node)
    {
        RaftCore core = node.Core;
        _seen[node.Id] = Standing.Of(core);
        Say($"{node.Id} starts as {node.Disk.Incarnation} in {core.Term}, log {Describe(core.Log)}, commit {core.CommitIndex}");
    }

    internal void Arrived(in Message message, StepOutcome outcome)
    {
        if (ShowsMessages)
        {
            Say(message.ToString());
        }

        // That some answer comes too late to matter is no event worth a line of its own.
        if (outcome != StepOutcome.Accepted && (ShowsMessages || outcome != StepOutcome.Stale))
        {
            Say($"{message.To} drops {(ShowsMessages ? "it" : message.ToString())}: {Words(outcome)}");
        }
    }

    internal void Turned(LabNode node, Ready ready)
    {
        NodeId id = node.Id;
        if (ready.SnapshotToAbandon is { } abandoned)
        {
            Say($"{id} stops fetching the snapshot {abandoned}");
        }

        Standing before = _seen[id];
        Standing after = Standing.Of(node.Core);
        _seen[id] = after;
        TellStanding(id, before, after);
        if (ready.Persist is { } order)
        {
            TellOrder(id, order, ready.PersistRuns);
        }

        if (ready.MembershipChange is { } membership)
        {
            Say($"{id} counts {membership}");
        }

        if (after.Commit > before.Commit)
        {
            Say($"{id} commits {after.Commit}");
        }

        if (ready.SnapshotToReceive is { } wanted)
        {
            Say($"{id} fetches the snapshot {wanted.Last} from {ready.SnapshotFrom}");
        }
    }

    internal void Ended(NodeId node, in ReadResult read) => Say(
        read.Outcome != ReadOutcome.Confirmed ? $"{node} gives read {read.Id.Value} up: {Words(read.Outcome)}"
        : $"{node} serves read {read.Id.Value} at {read.Index}{(read.Level == ReadLevel.Lease ? " under the lease" : "")}");

    internal void Ended(NodeId node, in TransferResult transfer) => Say($"{node} ends the {transfer}");

    private void TellStanding(NodeId id, Standing before, Standing after)
    {
        if ((before.Role, before.Term, before.Leader) != (after.Role, after.Term, after.Leader))
        {
            string term = before.Term == after.Term ? $"{after.Term}" : $"{before.Term} -> {after.Term}";
            string role = after.Role switch
            {
                Role.Leader => "leads",
                Role.PreCandidate => "asks for pre-votes",
                Role.Candidate => "asks for votes",
                _ => $"follower of {(after.Leader is { } leader ? leader.ToString() : "nobody")}",
            };
            Say($"{id} {term}, {role}");
        }

        bool isNewVote = (before.Term, before.VotedFor) != (after.Term, after.VotedFor);
        if (isNewVote && after.VotedFor is { } candidate && candidate != id)
        {
            Say($"{id} votes for {candidate} in {after.Term}");
        }
    }

    private void TellOrder(NodeId id, PersistOrder order, ReadOnlySpan<TermRun> runs)
    {
        if (order.Install is { } snapshot)
        {
            Say($"{id} installs the snapshot {snapshot.Last}{(order.ResetLog ? " in place of its log" : " and keeps its log")}");
        }

        if (order.TruncateAfter is { } last)
        {
            Say($"{id} drops its log after {last}");
        }

        foreach (TermRun run in runs)
        {
            Say($"{id} appends {run}");
        }
    }

    [GeneratedRegex("[A-Z]", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Capital();

    private readonly record struct Standing(Role Role, Term Term, NodeId? Leader, NodeId? VotedFor, LogIndex Commit)
    {
        internal static Standing Of(RaftCore core) => new(core.Role, core.Term, core.Leader, core.VotedFor, core.CommitIndex);
    }
}
