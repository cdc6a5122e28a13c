using System.Globalization;
using Graft.Consensus;
using Graft.Sqlite;

namespace Graft.Server.Tests;

public sealed class DataApiTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_write_is_answered_in_the_dialect_and_with_its_place_in_the_log()
    {
        using HttpResponseMessage response = await _server.Client.SendAsync(HttpMethod.Post, "/db/execute", """["CREATE a",["INSERT a",1]]""");

        Assert.Equal(
            """{"results":[{},{"last_insert_id":2,"rows_affected":1}]}""",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(_server.Server.Address.ToString(), HttpCaller.Header(response, "X-RQLITE-SERVED-BY"));
        Assert.Equal(HttpApi.Version, HttpCaller.Header(response, "X-RQLITE-VERSION"));
        Assert.Equal(_server.Server.Node.Group().Applied.Value, ulong.Parse(HttpCaller.Header(response, "X-Graft-Index")!, CultureInfo.InvariantCulture));
        Assert.Equal(["CREATE a\nINSERT a"], _server.Machine.Applied);
    }

    [Fact]
    public async Task The_place_in_the_log_stands_in_the_answer_if_it_is_asked_for() =>
        Assert.Matches("""^200 \{"results":\[\{\}\],"raft_index":\d+\}$""", await _server.Client.PostAsync("/db/execute?raft_index", """["CREATE a"]"""));

    [Fact]
    public async Task Timings_say_how_long_the_request_took() =>
        Assert.Matches("""^200 \{"results":\[\{\}\],"time":[0-9.e-]+\}$""", await _server.Client.PostAsync("/db/execute?timings", """["CREATE a"]"""));

    [Fact]
    public async Task An_error_of_SQL_is_a_result() =>
        Assert.Equal(
            """200 {"results":[{"error":"near \"oops\": syntax error"},{"last_insert_id":2,"rows_affected":1}]}""",
            await _server.Client.PostAsync("/db/execute", """["oops","INSERT a"]"""));

    [Fact]
    public async Task In_a_transaction_nothing_follows_an_error()
    {
        string answer = await _server.Client.PostAsync("/db/execute?transaction", """["INSERT a","oops","INSERT b"]""");

        Assert.Equal("""200 {"results":[{"last_insert_id":1,"rows_affected":1},{"error":"near \"oops\": syntax error"}]}""", answer);
        Assert.True(_server.Database.Requests.Single().AllOrNothing);
    }

    [Fact]
    public async Task A_text_is_one_statement()
    {
        Assert.Equal(
            """200 {"results":[{"last_insert_id":1,"rows_affected":1}]}""",
            await _server.Client.AskAsync(HttpMethod.Post, "/db/execute", "INSERT [\"a\"]", "text/plain; charset=utf-8"));
        Assert.Equal(["INSERT [\"a\"]"], _server.Machine.Applied);
    }

    [Theory]
    [InlineData("garbage", "400 invalid JSON body")]
    [InlineData("", "400 invalid JSON body")]
    [InlineData("[]", "400 no statements")]
    [InlineData("{}", "400 invalid request")]
    public async Task A_body_that_is_no_request_is_refused(string body, string answer)
    {
        foreach (string path in (string[])["/db/execute", "/db/query", "/db/request", "/db/execute?queue"])
        {
            using HttpResponseMessage response = await _server.Client.SendAsync(HttpMethod.Post, path, body);
            string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

            Assert.Equal($"{answer}\n", string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {text}"));
            Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        }

        Assert.Empty(_server.Machine.Applied);
    }

    [Fact]
    public async Task A_query_may_stand_in_the_address()
    {
        using HttpResponseMessage response = await _server.Client.SendAsync(HttpMethod.Get, "/db/query?q=SELECT%20x&pretty");

        Assert.Equal(
            """
            {
                "results": [
                    {
                        "columns": [
                            "x"
                        ],
                        "types": [
                            "integer"
                        ],
                        "values": [
                            [
                                1
                            ]
                        ]
                    }
                ]
            }
            """,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("lease", HttpCaller.Header(response, "X-Graft-Level"));
    }

    [Theory]
    [InlineData("/db/query", """200 {"results":[]}""")]
    [InlineData("/db/query?q=", "400 query parameter not set")]
    [InlineData("/db/query?q=SELECT+x&timeout=soon", "400 timeout is not a valid duration")]
    [InlineData("/db/query?q=SELECT+x&max_rows=0", "400 max_rows is from 1 to 2147483647")]
    [InlineData("/db/query?q=INSERT+x", """200 {"results":[{"error":"attempt to change database via query operation"}]}""")]
    [InlineData("/db/queryable?q=SELECT+x", """200 {"results":[{"columns":["x"],"types":["integer"],"values":[[1]]}]}""")]
    public async Task What_is_asked_for_in_the_address_is_judged(string path, string answer) => Assert.Equal(answer, await _server.Client.GetAsync(path));

    [Fact]
    public async Task Limits_and_levels_reach_the_database()
    {
        await _server.Client.GetAsync("/db/query?q=SELECT+x&level=none&freshness=5s&db_timeout=2s&max_rows=7&max_bytes=1000");

        Assert.Equal((ReadConsistencyKind.Bounded, TimeSpan.FromSeconds(5)), (_server.Database.LastConsistency.Kind, _server.Database.LastConsistency.Age));
        SqlQuery query = _server.Database.LastQuery!;
        Assert.Equal((TimeSpan.FromSeconds(2), 7, 1000), (query.TimeMax, query.RowsMax, query.AnswerBytesMax));
    }

    [Fact]
    public async Task A_read_at_an_index_sees_the_write_that_answered_it()
    {
        using HttpResponseMessage written = await _server.Client.SendAsync(HttpMethod.Post, "/db/execute", """["INSERT a"]""");
        string index = HttpCaller.Header(written, "X-Graft-Index")!;

        using HttpResponseMessage read = await _server.Client.SendAsync(HttpMethod.Get, $"/db/query?q=SELECT+x&min_index={index}");

        Assert.Equal("at_least", HttpCaller.Header(read, "X-Graft-Level"));
        Assert.True(ulong.Parse(HttpCaller.Header(read, "X-Graft-Index")!, CultureInfo.InvariantCulture) >= ulong.Parse(index, CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_bounded_read_that_cant_be_fresh_enough_is_stale_and_no_failure_of_the_request()
    {
        _server.Database.Next = new ReadFailedException(RejectReason.NoLeader, "nobody leads");

        Assert.Equal("""200 {"results":[],"error":"stale read"}""", await _server.Client.GetAsync("/db/query?q=SELECT+x&level=none&freshness=1s"));
    }

    [Fact]
    public async Task Reads_and_writes_in_one_request_are_one_entry()
    {
        string answer = await _server.Client.PostAsync("/db/request", """["INSERT a","SELECT b"]""");

        Assert.Equal("""200 {"results":[{"last_insert_id":1,"rows_affected":1},{"columns":["b"],"types":["integer"],"values":[[1]]}]}""", answer);
        Assert.Equal(["INSERT a\nSELECT b"], _server.Machine.Applied);
    }

    [Fact]
    public async Task Reads_alone_cost_no_entry()
    {
        string answer = await _server.Client.PostAsync("/db/request?associative", """["SELECT a"," -- b\n select c"]""");

        Assert.Equal("""200 {"results":[{"types":{"a":"integer"},"rows":[{"a":1}]},{"error":"near \" -- b\n select c\": syntax error"}]}""", answer);
        Assert.Empty(_server.Machine.Applied);
    }

    [Fact]
    public async Task A_text_that_only_looked_like_a_read_is_written()
    {
        _server.Database.Refuses = "WITH";

        await _server.Client.PostAsync("/db/request", """["WITH x AS (SELECT 1) INSERT b"]""");

        Assert.Equal(["WITH x AS (SELECT 1) INSERT b"], _server.Machine.Applied);
    }

    [Fact]
    public async Task Lines_end_with_one_that_says_so()
    {
        using HttpResponseMessage response = await _server.Client.SendAsync(HttpMethod.Post, "/db/query", """["SELECT a"]""", headers: ("Accept", "application/x-ndjson"));

        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        Assert.Matches(
            "^\\{\"item\":0,\"columns\":\\[\"a\"\\],\"types\":\\[\"integer\"\\]\\}\n\\[1\\]\n\\{\"end\":true,\"level\":\"lease\",\"index\":\\d+\\}\n$",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_text_is_loaded_whole_or_not_at_all()
    {
        Assert.Equal(
            """200 {"results":[{"last_insert_id":1,"rows_affected":1}]}""",
            await _server.Client.AskAsync(HttpMethod.Post, "/db/load", "INSERT a;\nINSERT b;", "text/plain"));
        Assert.True(_server.Database.Requests.Single().AllOrNothing);
    }

    [Fact]
    public async Task Nothing_is_rewritten() =>
        Assert.Equal(
            """200 {"results":[{"original":"SELECT random()","rewritten":"SELECT random()"}]}""",
            await _server.Client.PostAsync("/db/sql", """["SELECT random()"]"""));

    [Fact]
    public async Task A_number_in_a_session_is_written_once_however_often_it_is_sent()
    {
        string opened = await _server.Client.PostAsync("/api/v1/sessions?lifetime=1m");
        string session = System.Text.Json.JsonDocument.Parse(opened[4..]).RootElement.GetProperty("session").GetString()!;
        Assert.StartsWith("201 ", opened, StringComparison.Ordinal);

        string first = await _server.Client.AskAsync(HttpMethod.Post, "/db/execute?raft_index", """["INSERT a"]""", headers: ("Idempotency-Key", $"{session}/1"));
        string again = await _server.Client.AskAsync(HttpMethod.Post, "/db/execute?raft_index", """["INSERT a"]""", headers: ("Idempotency-Key", $"\"{session}/1\""));
        await _server.Client.AskAsync(HttpMethod.Post, "/db/execute", """["INSERT b"]""", headers: ("Idempotency-Key", $"{session}/2"));

        Assert.Equal(first, again);
        Assert.Equal(["INSERT a", "INSERT b"], _server.Machine.Applied);
        Assert.Matches("""^200 \{"outcome":"applied","index":\d+\}$""", await _server.Client.GetAsync($"/api/v1/outcome?session={session}&sequence=2"));
    }

    [Fact]
    public async Task A_key_that_the_log_cant_hold_is_refused()
    {
        string answer = await _server.Client.AskAsync(HttpMethod.Post, "/db/execute", """["INSERT a"]""", headers: ("Idempotency-Key", "3f2b"));

        Assert.StartsWith("400 Idempotency-Key is <session>/<number>", answer, StringComparison.Ordinal);
        Assert.Empty(_server.Machine.Applied);
    }

    [Theory]
    [InlineData("0s")]
    [InlineData("soon")]
    [InlineData("8761h")]
    public async Task A_session_has_a_lifetime_that_the_log_can_hold(string lifetime) =>
        Assert.StartsWith("400 lifetime is a duration", await _server.Client.PostAsync($"/api/v1/sessions?lifetime={lifetime}"), StringComparison.Ordinal);

    [Fact]
    public async Task A_session_that_isnt_known_is_a_conflict() =>
        Assert.StartsWith(
            "409 ", await _server.Client.AskAsync(HttpMethod.Post, "/db/execute", """["INSERT a"]""", headers: ("Idempotency-Key", "999999/1")), StringComparison.Ordinal);

    [Fact]
    public async Task A_write_whose_outcome_isnt_known_says_how_to_ask_for_it()
    {
        _server.Database.Next = new UnknownOutcomeException("nobody answered", new WriteId(EntryId.Of(3, 17), 5, 2));

        using HttpResponseMessage response = await _server.Client.SendAsync(HttpMethod.Post, "/db/execute", """["INSERT a"]""");

        Assert.Equal(System.Net.HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Equal("unknown", HttpCaller.Header(response, "X-Graft-Outcome"));
        Assert.Equal("entry=3.17&session=5&sequence=2", HttpCaller.Header(response, "X-Graft-Write"));
    }

    [Theory]
    [InlineData(RejectReason.NoLeader, "503 leader not found")]
    [InlineData(RejectReason.TimedOut, "503 late")]
    [InlineData(RejectReason.TooLarge, "413 late")]
    [InlineData(RejectReason.DiskFull, "507 late")]
    public async Task A_write_that_is_rejected_says_that_nothing_happened(RejectReason reason, string answer)
    {
        _server.Database.Next = new RejectedException(reason, "late");
        using HttpResponseMessage response = await _server.Client.SendAsync(HttpMethod.Post, "/db/execute", """["INSERT a"]""");

        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(answer, string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {text.TrimEnd()}"));
        Assert.Equal("rejected", HttpCaller.Header(response, "X-Graft-Outcome"));
    }

    [Fact]
    public async Task An_overload_says_when_to_come_back()
    {
        _server.Database.Next = new OverloadedException("full", TimeSpan.FromSeconds(2.5));
        using HttpResponseMessage response = await _server.Client.SendAsync(HttpMethod.Post, "/db/execute", """["INSERT a"]""");

        Assert.Equal("3", HttpCaller.Header(response, "Retry-After"));
    }
}
