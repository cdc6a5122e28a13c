using System.Collections.Immutable;
using System.Text.Json;
using Graft.Consensus;
using Graft.Network;
using Graft.Sqlite;

namespace Graft.Cli.Tests;

public sealed class FailureTests
{
    private static readonly SeedList Seeds = SeedList.Choose(["127.0.0.1:8081"], null);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private static readonly GroupInfo Leaderless = new(
        new Term(7), null, new LogIndex(4217), new LogIndex(3), Membership.Of(1, 2, 3), [(new NodeId(1), "127.0.0.1:8080")]);

    [Fact]
    public void Without_a_quorum_nothing_was_applied_and_it_may_be_tried_again()
    {
        Failure failure = Map(new RejectedException(RejectReason.NoLeader, "Nobody leads."), CallKind.Write, Leaderless);

        Assert.Equal(
            """
            error: no leader is available right now                            [no-quorum]
              the cluster has 3 voters and needs 2 of them
              no member is known to lead; term 7
              Nobody leads
              outcome: NOT applied
              try: graft status -c 127.0.0.1:8081

            """,
            FailureText.ForPeople(failure));
        Assert.Equal(
            """{"error":{"code":"no-quorum","message":"no leader is available right now","outcome":"not-applied","retryable":true,"facts":["the cluster has 3 voters and needs 2 of them","no member is known to lead; term 7","Nobody leads"],"hints":["graft status -c 127.0.0.1:8081"]}}""" + "\n",
            FailureText.ForScripts(failure));
    }

    [Fact]
    public void A_read_without_a_quorum_is_told_of_stale_ones()
    {
        Failure failure = Map(new ReadFailedException(RejectReason.TimedOut, "In vain."), CallKind.Read, Leaderless);

        Assert.Equal(FailureCode.NoQuorum, failure.Code);
        Assert.Equal(Outcome.None, failure.Outcome);
        Assert.Contains(failure.Hints, hint => hint.Contains("--consistency stale", StringComparison.Ordinal));
    }

    [Fact]
    public void Nobody_who_answers_is_unreachable_and_who_was_asked_is_said()
    {
        Failure failure = Map(new RejectedException(RejectReason.TimedOut, "In vain."), CallKind.Write, null);

        Assert.Equal(FailureCode.Unreachable, failure.Code);
        Assert.Equal("no member answered within 5 s", failure.Message);
        Assert.Equal(["tried 127.0.0.1:8081 (from -c)"], failure.Facts);
        Assert.Equal(Outcome.NotApplied, failure.Outcome);
    }

    [Fact]
    public void A_write_that_was_sent_and_not_confirmed_is_unknown_and_not_to_be_repeated()
    {
        Failure failure = Map(new UnknownOutcomeException("The leader went away.", default), CallKind.Write, null);

        Assert.Equal(FailureCode.UnknownOutcome, failure.Code);
        Assert.Equal(Outcome.Unknown, failure.Outcome);
        Assert.False(failure.IsRetryable);
        Assert.Contains("UNKNOWN", FailureText.ForPeople(failure), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RejectReason.DiskFull, 6)]
    [InlineData(RejectReason.TooLarge, 6)]
    [InlineData(RejectReason.OtherCluster, 6)]
    [InlineData(RejectReason.Malformed, 10)]
    [InlineData(RejectReason.NoSuchGroup, 10)]
    [InlineData(RejectReason.TimedOut, 5)]
    [InlineData(RejectReason.Stopping, 5)]
    public void Each_rejection_has_its_exit_code(RejectReason reason, int expected)
    {
        Assert.Equal(expected, (int)Map(new RejectedException(reason, "Why."), CallKind.Write, Leaderless).Code);
    }

    [Fact]
    public void Every_reason_and_every_code_has_words()
    {
        foreach (RejectReason reason in Enum.GetValues<RejectReason>())
        {
            Assert.NotEmpty(Map(new RejectedException(reason, "Why."), CallKind.Write, Leaderless).Message);
        }

        foreach (FailureCode code in Enum.GetValues<FailureCode>())
        {
            Assert.NotEmpty(FailureText.NameOf(code));
        }
    }

    [Fact]
    public void Other_exceptions_are_bugs_and_are_not_hidden()
    {
        Assert.Null(FailureMap.Of(new InvalidOperationException(), CallKind.Read, Seeds, Timeout, null));
    }

    [Fact]
    public void A_change_of_members_that_is_refused_says_why()
    {
        Failure failure = Map(
            new MembershipRefusedException(MembershipRefusal.NotMember, "n9 is no member.", new LogIndex(4), new NodeId(1)), CallKind.Members, null);

        Assert.Equal(FailureCode.Refused, failure.Code);
        Assert.Equal(["n9 is no member"], failure.Facts);
    }

    [Fact]
    public void An_error_of_sql_points_at_the_word()
    {
        Failure failure = FailureMap.OfSql(new SqlFailure(0, 1, "near \"FORM\": syntax error"), "SELECT name FORM users", Outcome.NotApplied);

        Assert.Equal(
            """
            error: near "FORM": syntax error                                         [sql]
              SELECT name FORM users
                          ^
              outcome: NOT applied

            """,
            FailureText.ForPeople(failure));
    }

    [Theory]
    [InlineData("SELECT 1,\n  2 FORM t", "near \"FORM\": syntax error", "  2 FORM t|    ^")]
    [InlineData("SELECT x FORM FORM", "near \"FORM\": syntax error", "SELECT x FORM FORM")]
    [InlineData("SELECT x FROM t\nWHERE y", "no such table: t", "SELECT x FROM t ...")]
    [InlineData("", "no such table: t", "")]
    public void The_place_is_shown_if_there_is_one(string sql, string message, string expected)
    {
        Assert.Equal(expected, string.Join('|', SqlExcerpt.Of(sql, message)));
    }

    [Fact]
    public void A_place_far_to_the_right_is_brought_into_view()
    {
        ImmutableArray<string> shown = SqlExcerpt.Of(new string('x', 500) + " FORM t", "near \"FORM\": syntax error");

        Assert.Equal('F', shown[0][shown[1].IndexOf('^', StringComparison.Ordinal)]);
    }

    private static Failure Map(Exception thrown, CallKind kind, GroupInfo? seen)
    {
        Failure failure = FailureMap.Of(thrown, kind, Seeds, Timeout, seen)!;
        using JsonDocument line = JsonDocument.Parse(FailureText.ForScripts(failure));
        Assert.Equal(failure.Message, line.RootElement.GetProperty("error").GetProperty("message").GetString());
        return failure;
    }
}
