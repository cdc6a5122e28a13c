using System.Collections.Immutable;
using System.Text.Json;
using Graft.Consensus;
using Graft.Network;
using Graft.Sqlite;

namespace Graft.Cli.Tests;

public sealed class RenderingTests
{
    private static readonly SqlRows Users = Rows(
        ["id", "name"],
        SqlValue.FromInteger(1), SqlValue.FromText("turing"),
        SqlValue.FromInteger(20), SqlValue.FromText("wide 漢字 ü"),
        SqlValue.Null, SqlValue.Null);

    [Fact]
    public void Numbers_stand_to_the_right_and_text_to_the_left()
    {
        Assert.Equal(
            """
              ID  NAME
               1  turing
              20  wide 漢字 ü
            NULL  NULL

            """,
            RowsText.Table(Users, hasHeader: true));
        Assert.StartsWith("   1  turing\n", RowsText.Table(Users, hasHeader: false), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_without_rows_has_its_header()
    {
        Assert.Equal("ID  NAME\n", RowsText.Table(Rows(["id", "name"]), hasHeader: true));
    }

    [Fact]
    public void Nothing_in_a_cell_speaks_to_the_terminal()
    {
        Assert.Equal("X\na\\n\\x1b[2Jb\n", RowsText.Table(Rows(["x"], SqlValue.FromText("a\n\e[2Jb")), hasHeader: true));
    }

    [Fact]
    public void Csv_is_that_of_rfc_4180_and_tells_null_from_an_empty_text()
    {
        SqlRows rows = Rows(["a", "b,c"], SqlValue.FromText("x\"y\nz"), SqlValue.FromText(""), SqlValue.Null, SqlValue.FromReal(1));

        Assert.Equal("a,\"b,c\"\r\n\"x\"\"y\nz\",\"\"\r\n,1.0\r\n", RowsText.Csv(rows, hasHeader: true));
        Assert.StartsWith("\"x", RowsText.Csv(rows, hasHeader: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_keeps_every_kind_of_value_apart()
    {
        SqlRows rows = Rows(
            ["v"],
            SqlValue.Null, SqlValue.FromInteger(long.MaxValue), SqlValue.FromReal(1), SqlValue.FromReal(double.PositiveInfinity),
            SqlValue.FromText("a\"ü"), SqlValue.FromBlob(new byte[] { 1, 2 }));

        string json = AnswerText.Json("QueryResult", new SqlAnswer([rows], 5, null), writer => writer.WriteNumber("index", 7));

        Assert.Equal(
            """{"apiVersion":"v1","kind":"QueryResult","columns":["v"],"types":["INTEGER"],"rows":[[null],[9223372036854775807],[1.0],[{"$real":"Inf"}],["a\"ü"],[{"$blob":"AQI="}]],"index":7}""" + "\n",
            json);
    }

    [Fact]
    public void Several_results_stand_in_one_document()
    {
        var answer = new SqlAnswer([new SqlChange(0, 3, 9), Rows(["n"], SqlValue.FromInteger(1))], 5, null);

        using JsonDocument json = JsonDocument.Parse(AnswerText.Json("CommandResult", answer, _ => { }));

        Assert.Equal(2, json.RootElement.GetProperty("results").GetArrayLength());
        Assert.Equal(3, json.RootElement.GetProperty("results")[0].GetProperty("rowsAffected").GetInt32());
    }

    [Fact]
    public void Results_have_an_empty_line_between_them()
    {
        SqlRows one = Rows(["n"], SqlValue.FromInteger(1));

        Assert.Equal("N\n1\n\nN\n1\n", AnswerText.Rows(new SqlAnswer([one, new SqlChange(1, 1, 1), one], 5, null), OutputFormat.Table, hasHeader: true));
    }

    [Fact]
    public void A_command_says_what_changed_and_where()
    {
        var answer = new SqlAnswer([new SqlChange(0, 1, 3), new SqlChange(0, 1, 4)], 5, null);

        Assert.Equal("2 rows changed, last id 4; committed at index 4,218, 3.1 ms", CommandVerb.Summarize(answer, 4218, TimeSpan.FromMilliseconds(3.1)));
        Assert.Equal("0 rows changed; committed at index 1, 1.0 ms", CommandVerb.Summarize(new SqlAnswer([], 5, null), 1, TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void A_healthy_cluster_on_one_screen()
    {
        Assert.Equal(
            """
            c2a  HEALTHY  3/3 voters up, can lose 1

            NODE  ROLE      VOTER  ADDRESS         INDEX  TRAILS BY    SEEN
            n1    leader    yes    127.0.0.1:8080  4,217          -     now
            n2    follower  yes    127.0.0.1:8081  4,217          0   50 ms
            n3    follower  yes    127.0.0.1:8082  4,215          2   60 ms
            n4    learner   no     -               3,416        801  14.2 s

            term 7   index 4,217   members since index 12
            next: start n4 again, or take it out: graft stop n4

            """,
            StatusText.ForPeople(new ClusterId(42), View(3)));
    }

    [Theory]
    [InlineData(3, "OK 3/3 voters up, can lose 1", "HEALTHY")]
    [InlineData(2, "WARNING degraded: 2/3 voters up, 2 needed", "DEGRADED")]
    [InlineData(1, "CRITICAL no-quorum: 1/3 voters up, 2 needed", "NO QUORUM")]
    public void A_check_is_one_line(int up, string expected, string word)
    {
        ClusterHealth health = ClusterHealth.Of(View(up));

        Assert.Equal(expected, StatusText.Check(health));
        Assert.Equal(word, health.Word);
        Assert.Equal(up == 3, health.IsHealthy);
    }

    [Fact]
    public void Watched_from_a_pipe_it_is_a_line_at_a_time()
    {
        Assert.Equal(
            "2026-11-21T12:00:31Z HEALTHY leader=127.0.0.1:8080 term=7 index=4217 tolerance=1 maxlag=801",
            StatusText.Line(new DateTimeOffset(2026, 11, 21, 12, 0, 31, TimeSpan.Zero), View(3)));
    }

    [Fact]
    public void Without_a_leader_the_screen_says_what_works_still()
    {
        var seen = new GroupInfo(
            new Term(7), new NodeId(1), new LogIndex(4217), new LogIndex(3), Membership.Of(1, 2, 3), [(new NodeId(1), "127.0.0.1:8080")]);

        string shown = StatusText.ForPeople(new ClusterId(42), seen);

        Assert.StartsWith("c2a  NO QUORUM  no leader answers; 2 of 3 voters needed\n", shown, StringComparison.Ordinal);
        Assert.Contains("last known leader: n1 (127.0.0.1:8080)", shown, StringComparison.Ordinal);
        Assert.Contains("--consistency stale", shown, StringComparison.Ordinal);
        Assert.Equal("CRITICAL no-quorum: 3 voters, 2 needed", StatusText.Check(ClusterHealth.OfLeaderless(seen)));
        using JsonDocument json = JsonDocument.Parse(StatusText.Json(new ClusterId(42), seen));
        Assert.Equal("no-quorum", json.RootElement.GetProperty("health").GetString());
    }

    [Fact]
    public void The_members_are_the_same_in_every_format()
    {
        using JsonDocument status = JsonDocument.Parse(StatusText.Json(new ClusterId(42), View(2)));
        Assert.Equal("degraded", status.RootElement.GetProperty("health").GetString());
        Assert.Equal("127.0.0.1:8081", status.RootElement.GetProperty("members")[1].GetProperty("address").GetString());
        Assert.Contains("\nn3,follower,yes,127.0.0.1:8082,4215,2,60 ms\r\n", MembersText.Csv(View(2), hasHeader: true), StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_has_the_seeds_names()
    {
        using JsonDocument json = JsonDocument.Parse(ConfigurationVerb.Render(View(3), isIndented: true));

        JsonElement peer = json.RootElement.GetProperty("Peers").GetProperty("n2");
        Assert.Equal("n2", peer.GetProperty("Id").GetString());
        Assert.Equal("127.0.0.1:8081", peer.GetProperty("Host").GetString());
        Assert.True(peer.GetProperty("Active").GetBoolean());
        Assert.False(json.RootElement.GetProperty("Peers").GetProperty("n4").GetProperty("Active").GetBoolean());
        Assert.Equal("n1", json.RootElement.GetProperty("LeaderId").GetString());
        Assert.Contains("\n\t\"Peers\": {\n\t\t\"n1\": {", ConfigurationVerb.Render(View(3), isIndented: true), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("n2")]
    [InlineData("127.0.0.1:8081")]
    public void A_member_is_found_by_its_id_and_by_its_address(string name)
    {
        Assert.Equal(new NodeId(2), Invocation.Find(View(3), name).Node);
    }

    [Fact]
    public void Who_is_no_member_is_refused_with_the_members_there_are()
    {
        Failure failure = Assert.Throws<FailureException>(() => Invocation.Find(View(3), "127.0.0.1:9999")).Failure;

        Assert.Equal(FailureCode.Refused, failure.Code);
        Assert.Equal(["members: 127.0.0.1:8080, 127.0.0.1:8081, 127.0.0.1:8082, n4"], failure.Facts);
    }

    private static SqlRows Rows(string[] columns, params SqlValue[] values) =>
        new(0, [.. columns.Select(name => new SqlColumn(name, "", ""))], values, 0, 0);

    private static MembersView View(int up)
    {
        Membership membership = Membership.Of(
            [.. new ulong[] { 1, 2, 3 }.Select(id => new Member(new NodeId(id), MemberRole.Voter)), new Member(new NodeId(4), MemberRole.Learner)]);
        ImmutableArray<MemberView> members =
        [
            Member(1, "127.0.0.1:8080", 4217, 0, true),
            Member(2, "127.0.0.1:8081", 4217, 50, up >= 2),
            Member(3, "127.0.0.1:8082", 4215, 60, up >= 3),
            Member(4, "", 3416, 14_200, false),
        ];
        return new MembersView(new NodeId(1), new Term(7), new LogIndex(12), new LogIndex(4217), membership, IsChanging: false, members);

        MemberView Member(ulong id, string address, ulong match, int silent, bool isUp) => new()
        {
            Member = membership.Find(new NodeId(id))!.Value,
            Address = address,
            Phase = CatchUpPhase.CaughtUp,
            Match = new LogIndex(match),
            Lag = 4217 - match,
            SilentFor = TimeSpan.FromMilliseconds(silent),
            IsReachable = isUp,
        };
    }
}
