using System.Collections.Immutable;
using Graft.Network;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary>From what the client throws to what a person is told. It asks nobody: what a look at the cluster found is handed to it.</summary>
internal static class FailureMap
{
    /// <summary>Whether a look at the cluster helps to tell what is wrong.</summary>
    internal static bool WantsLook(Exception thrown) => thrown switch
    {
        ReadFailedException read => IsLeaderless(read.Reason),
        RejectedException rejected => IsLeaderless(rejected.Reason),
        _ => false,
    };

    /// <param name="thrown">What the call threw.</param>
    /// <param name="kind">What was asked.</param>
    /// <param name="seeds">Who was asked.</param>
    /// <param name="timeout">How long the call was given.</param>
    /// <param name="seen">What a member said of the cluster afterwards; null if none answered, or none was asked.</param>
    /// <returns>Null if the exception is no way for a call to end: it's a bug then.</returns>
    internal static Failure? Of(Exception thrown, CallKind kind, SeedList seeds, TimeSpan timeout, GroupInfo? seen)
    {
        Outcome unchanged = kind == CallKind.Read ? Outcome.None : Outcome.NotApplied;
        string status = $"graft status -c {seeds.First}";
        switch (thrown)
        {
            case FailureException known:
                return known.Failure;
            case MembershipRefusedException { Reason: RejectReason.MembersRefused } refused:
                return new Failure(FailureCode.Refused, "the change of members was refused")
                {
                    Facts = [Sentence(refused.Message)],
                    Outcome = unchanged,
                    Hints = [$"graft member list -c {seeds.First}"],
                };
            case UnknownOutcomeException unknown:
                return OfUnknown(unknown, kind, timeout, status);
            case ReadFailedException failed when IsLeaderless(failed.Reason):
                return Leaderless(failed.Message, unchanged, seeds, timeout, seen, kind);
            case RejectedException rejected when IsLeaderless(rejected.Reason):
                return Leaderless(rejected.Message, unchanged, seeds, timeout, seen, kind);
            case OverloadedException busy:
                return new Failure(FailureCode.Refused, "the cluster has as much to do as it takes in")
                {
                    Facts = [Sentence(busy.Message)],
                    Outcome = unchanged,
                    IsRetryable = true,
                };
            case RejectedException rejected:
                return new Failure(
                    rejected.Reason is RejectReason.Malformed or RejectReason.NoSuchGroup ? FailureCode.Incompatible : FailureCode.Refused,
                    Describe(rejected.Reason))
                {
                    Facts = [Sentence(rejected.Message)],
                    Outcome = unchanged,
                    IsRetryable = rejected.Reason is RejectReason.DiskFull or RejectReason.Superseded or RejectReason.TransferFailed,
                    Hints = [status],
                };
            case ReadFailedException failed:
                return new Failure(FailureCode.Error, Describe(failed.Reason)) { Facts = [Sentence(failed.Message)], IsRetryable = true, Hints = [status] };
            case QueryFailedException failed:
                return new Failure(FailureCode.Error, "the state machine didn't answer the query") { Facts = [Sentence(failed.Message)] };
            case SqlFormatException unreadable:
                return new Failure(FailureCode.Incompatible, "the answer is of a form that this graft doesn't know") { Facts = [Sentence(unreadable.Message)] };
            case OperationCanceledException:
                return new Failure(FailureCode.Interrupted, "interrupted") { Outcome = kind == CallKind.Read ? Outcome.None : Outcome.Unknown };
            default:
                return null;
        }
    }

    /// <summary>An error of SQLite in an answer.</summary>
    /// <param name="failure">What it said.</param>
    /// <param name="sql">The text that the statement stands in.</param>
    /// <param name="outcome">What became of the other statements.</param>
    internal static Failure OfSql(SqlFailure failure, string sql, Outcome outcome) =>
        new(FailureCode.Sql, failure.Message) { Facts = SqlExcerpt.Of(sql, failure.Message), Outcome = outcome };

    private static Failure OfUnknown(UnknownOutcomeException unknown, CallKind kind, TimeSpan timeout, string status) =>
        unknown.IsAnswerLost
            ? new Failure(FailureCode.Error, "it was applied, and its answer can't be had") { Facts = [Sentence(unknown.Message)] }
            : new Failure(
                FailureCode.UnknownOutcome,
                $"{(kind == CallKind.Write ? "the write" : "the request")} was sent but not confirmed within {Durations.Format(timeout)}")
            {
                Facts = [Sentence(unknown.Message)],
                Outcome = Outcome.Unknown,
                Hints = [status],
            };

    private static Failure Leaderless(string message, Outcome outcome, SeedList seeds, TimeSpan timeout, GroupInfo? seen, CallKind kind)
    {
        if (seen is null)
        {
            return new Failure(FailureCode.Unreachable, $"no member answered within {Durations.Format(timeout)}")
            {
                Facts = [$"tried {seeds} ({seeds.Origin})"],
                Outcome = outcome,
                IsRetryable = true,
                Hints = seeds.IsDefault
                    ? [$"graft start {SeedList.Default}"]
                    : [],
            };
        }

        int voters = seen.Membership.Quorum.Incoming.Voters;
        string expected = $"the cluster has {Words.Count(voters, "voter")} and needs {seen.Membership.Quorum.Incoming.Size} of them";
        string leader = seen.Leader is { } id ? $"a member takes {NodeNames.Describe(id, seen.Addresses)} for the leader, in term {seen.Term.Value}" : $"no member is known to lead; term {seen.Term.Value}";
        ImmutableArray<string> hints = [$"graft status -c {seeds.First}"];
        return new Failure(FailureCode.NoQuorum, "no leader is available right now")
        {
            Facts = [expected, leader, Sentence(message)],
            Outcome = outcome,
            IsRetryable = true,
            Hints = kind == CallKind.Read ? hints.Add($"graft query --consistency stale -c {seeds.First} \"...\"") : hints,
        };
    }

    private static bool IsLeaderless(RejectReason reason) =>
        reason is RejectReason.NotLeader or RejectReason.NoLeader or RejectReason.TimedOut or RejectReason.Stopping;

    private static string Describe(RejectReason reason) => reason switch
    {
        RejectReason.TooLarge => "the request is larger than the cluster takes",
        RejectReason.DiskFull => "the leader's disk is full",
        RejectReason.OtherCluster => "another cluster answers there",
        RejectReason.Removed => "the node that answers was removed from its cluster",
        RejectReason.ApplyHalted => "the database of that node has stopped",
        RejectReason.Malformed or RejectReason.NoSuchGroup => "the node that answers doesn't understand this graft",
        RejectReason.TransferFailed => "leadership was not transferred",
        RejectReason.Superseded => "the leader was replaced before the write was replicated",
        _ => "the cluster refused it",
    };

    // The library's sentences begin with a capital and end with a full stop, as sentences do; a line of facts doesn't.
    private static string Sentence(string message) => message.TrimEnd().TrimEnd('.');
}
