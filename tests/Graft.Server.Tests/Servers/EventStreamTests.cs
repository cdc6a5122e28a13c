namespace Graft.Server.Tests;

public sealed class EventStreamTests
{
    private static CancellationToken Over => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_listens_gets_the_picture_and_what_changes_in_it()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = Client(server);
        using StreamReader events = await OpenAsync(client, server, null);

        (string name, string id, string data) = await ReadAsync(events);
        Assert.Equal("hello", name);
        Assert.Contains(server.Server.Node.Id.ToString(), data, StringComparison.Ordinal);
        Assert.EndsWith("-0", id, StringComparison.Ordinal);
        Assert.Equal("raft", (await ReadAsync(events)).Name);
        Assert.Equal("status", (await ReadAsync(events)).Name);

        await server.Client.PostAsync("/db/execute", """["INSERT a"]""");
        string applied = $"\"applied\":{server.Server.Node.Group().Applied.Value}";
        do
        {
            (name, _, data) = await ReadAsync(events);
            Assert.Equal("status", name);
        }
        while (!data.Contains(applied, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_alarm_is_told_and_told_again_to_who_missed_it()
    {
        Action<GroupAlarm>? raise = null;
        await using TestServer server = await TestServer.StartAsync(options => options.ConfigureNode += node => node.OnAlarm = alarm => raise?.Invoke(alarm));
        using HttpClient client = Client(server);
        string first;
        using (StreamReader events = await OpenAsync(client, server, null))
        {
            first = (await ReadAsync(events)).Id;
        }

        // As a state machine does that can't go on.
        server.Machine.Poison = "POISON";
        var raised = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        raise = _ => raised.TrySetResult();
        await server.Client.PostAsync("/db/execute?timeout=1s", """["POISON"]""");
        await raised.Task;

        using StreamReader again = await OpenAsync(client, server, first);
        Assert.Equal("hello", (await ReadAsync(again)).Name);
        (string name, string id, string data) = await ReadAsync(again);
        Assert.Equal("alert", name);
        Assert.EndsWith("-1", id, StringComparison.Ordinal);
        Assert.Contains(nameof(GroupAlarmKind.ApplyHalted), data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_saw_another_life_is_told_to_begin_anew()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = Client(server);
        using StreamReader events = await OpenAsync(client, server, "abc-7");

        Assert.Equal("hello", (await ReadAsync(events)).Name);
        Assert.Equal("resync", (await ReadAsync(events)).Name);
    }

    [Fact]
    public async Task A_stop_doesnt_wait_for_listeners()
    {
        TestServer server = await TestServer.StartAsync(static options => options.DrainTimeout = TimeSpan.FromMinutes(10));
        using HttpClient client = Client(server);
        using StreamReader events = await OpenAsync(client, server, null);
        await ReadAsync(events);

        await server.DisposeAsync();

        await events.ReadToEndAsync(Over);
    }

    private static HttpClient Client(TestServer server) => new() { BaseAddress = new Uri($"http://{server.Server.Address}") };

    private static async Task<StreamReader> OpenAsync(HttpClient client, TestServer server, string? last)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{server.Server.Address}/api/v1/events"));
        if (last is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        }

        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Over);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new StreamReader(await response.Content.ReadAsStreamAsync(Over));
    }

    private static async Task<(string Name, string Id, string Data)> ReadAsync(StreamReader events)
    {
        string id = (await events.ReadLineAsync(Over))!["id: ".Length..];
        string name = (await events.ReadLineAsync(Over))!["event: ".Length..];
        string data = (await events.ReadLineAsync(Over))!["data: ".Length..];
        Assert.Equal("", await events.ReadLineAsync(Over));
        return (name, id, data);
    }
}
