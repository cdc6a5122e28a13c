namespace Graft.Server.Tests;

public sealed class WriteQueueTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(static options => options.QueueRequestsMax = 4);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_queued_write_is_answered_with_its_number_and_written_before_a_barrier_ends()
    {
        string first = await _server.Client.PostAsync("/db/execute?queue", """["INSERT a"]""");
        string second = await _server.Client.PostAsync("/db/execute?queue", """["INSERT b"]""");
        string barrier = await _server.Client.PostAsync("/db/execute?queue&wait", "[]");

        Assert.Matches("""^200 \{"results":\[\],"sequence_number":\d+\}$""", first);
        Assert.True(NumberOf(first) < NumberOf(second) && NumberOf(second) < NumberOf(barrier));
        Assert.Equal("INSERT a\nINSERT b", string.Join('\n', _server.Machine.Applied));
        Assert.Equal($"200 {NumberOf(barrier)}", await _server.Client.GetAsync("/status?key=http.queue._default.sequence_number"));
    }

    [Fact]
    public async Task Who_waits_is_told_what_came_of_it() =>
        Assert.Matches(
            """^200 \{"results":\[\{"last_insert_id":1,"rows_affected":1\},\{"error":"near \\"oops\\": syntax error"\}\],"sequence_number":\d+\}$""",
            await _server.Client.PostAsync("/db/execute?queue&wait", """["INSERT a","oops"]"""));

    [Fact]
    public async Task Who_doesnt_wait_can_ask_later_what_failed()
    {
        await _server.Client.PostAsync("/db/execute?queue", """["INSERT a"]""");
        string failing = await _server.Client.PostAsync("/db/execute?queue", """["INSERT b","oops"]""");
        await _server.Client.PostAsync("/db/execute?queue&wait", "[]");

        string queue = await _server.Client.GetAsync("/api/v1/queue");

        Assert.Contains($$"""[{"sequence_number":{{NumberOf(failing)}},"item":1,"error":"near \"oops\": syntax error"}]""", queue, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_has_all_undone_takes_no_other_with_it()
    {
        var gate = new TaskCompletionSource();
        _server.Database.Gate = gate.Task;
        Task<string> held = _server.Client.PostAsync("/db/execute?queue&wait", """["INSERT first"]""");
        await _server.Database.Entered.Task;
        await _server.Client.PostAsync("/db/execute?queue", """["INSERT a"]""");
        await _server.Client.PostAsync("/db/execute?queue", """["POISON"]""");
        Task<string> last = _server.Client.PostAsync("/db/execute?queue&wait", """["INSERT b"]""");
        gate.SetResult();

        Assert.Contains("\"rows_affected\":1", await held, StringComparison.Ordinal);
        Assert.Contains("\"rows_affected\":1", await last, StringComparison.Ordinal);
        Assert.Contains("\"error\":\"poison\"", await _server.Client.GetAsync("/api/v1/queue"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("begin")]
    [InlineData("-- x\\nROLLBACK")]
    [InlineData("PRAGMA defer_foreign_keys=1")]
    public async Task What_acts_on_a_transaction_shares_its_entry_with_nobody(string sql)
    {
        var gate = new TaskCompletionSource();
        _server.Database.Gate = gate.Task;
        Task<string> held = _server.Client.PostAsync("/db/execute?queue&wait", """["INSERT first"]""");
        await _server.Database.Entered.Task;
        await _server.Client.PostAsync("/db/execute?queue", $"""["{sql}"]""");
        Task<string> last = _server.Client.PostAsync("/db/execute?queue&wait", """["INSERT b"]""");
        gate.SetResult();
        await held;
        await last;

        Assert.All(_server.Database.Requests, static request => Assert.Single(request.Statements));
    }

    [Fact]
    public async Task A_transaction_shares_its_entry_with_nobody()
    {
        await _server.Client.PostAsync("/db/execute?queue", """["INSERT a"]""");
        await _server.Client.PostAsync("/db/execute?queue&transaction", """["INSERT b","oops"]""");
        await _server.Client.PostAsync("/db/execute?queue&wait", """["INSERT c"]""");

        Assert.Contains("INSERT b\noops", _server.Machine.Applied);
        Assert.True(Assert.Single(_server.Database.Requests, static request => request.AllOrNothing).Statements.Count == 2);
    }

    [Fact]
    public async Task A_full_queue_says_so()
    {
        var gate = new TaskCompletionSource();
        _server.Database.Gate = gate.Task;
        Task<string> held = _server.Client.PostAsync("/db/execute?queue&wait", """["INSERT first"]""");
        await _server.Database.Entered.Task;
        for (int i = 0; i < 4; i++)
        {
            Assert.StartsWith("200 ", await _server.Client.PostAsync("/db/execute?queue", """["INSERT a"]"""), StringComparison.Ordinal);
        }

        Assert.Equal("503 queue is full", await _server.Client.PostAsync("/db/execute?queue", """["INSERT a"]"""));
        gate.SetResult();
        await held;
    }

    [Fact]
    public async Task Who_waits_in_vain_is_told_so()
    {
        var gate = new TaskCompletionSource();
        _server.Database.Gate = gate.Task;

        Assert.Equal("408 queue wait timeout", await _server.Client.PostAsync("/db/execute?queue&wait&timeout=1ms", """["INSERT a"]"""));

        gate.SetResult();
    }

    [Fact]
    public async Task A_write_whose_answer_was_lost_is_sent_again_and_written_once()
    {
        _server.Database.Loss = new UnknownOutcomeException("lost", default);

        string answer = await _server.Client.PostAsync("/db/execute?queue&wait", """["INSERT a"]""");

        Assert.Contains("\"rows_affected\":1", answer, StringComparison.Ordinal);
        Assert.Equal(2, _server.Database.Requests.Count);
        Assert.Equal(["INSERT a"], _server.Machine.Applied);
    }

    [Fact]
    public async Task A_key_of_a_session_goes_with_no_queue()
    {
        string answer = await _server.Client.AskAsync(HttpMethod.Post, "/db/execute?queue", """["INSERT a"]""", headers: ("Idempotency-Key", "7/1"));

        Assert.StartsWith("400 Idempotency-Key goes with no queue", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_writes_what_waits()
    {
        await _server.Client.PostAsync("/db/execute?queue", """["INSERT a"]""");

        await _server.Server.DisposeAsync();

        Assert.Equal(["INSERT a"], _server.Machine.Applied);
    }

    private static long NumberOf(string answer) =>
        System.Text.Json.JsonDocument.Parse(answer[4..]).RootElement.GetProperty("sequence_number").GetInt64();
}
