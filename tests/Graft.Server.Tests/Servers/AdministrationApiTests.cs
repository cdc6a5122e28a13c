using System.Text.Json;

namespace Graft.Server.Tests;

public sealed class AdministrationApiTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(static options => options.Name = "fiona");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Status_says_who_leads_and_how_far_everything_is()
    {
        JsonElement status = Parse(await _server.Client.GetAsync("/status"));

        Assert.Equal("fiona", status.GetProperty("node").GetProperty("name").GetString());
        JsonElement store = status.GetProperty("store");
        Assert.Equal(_server.Server.Address.ToString(), store.GetProperty("leader").GetProperty("addr").GetString());
        Assert.Equal("Leader", store.GetProperty("raft").GetProperty("state").GetString());
        Assert.True(store.GetProperty("raft").GetProperty("applied_index").GetUInt64() > 0);
    }

    [Theory]
    [InlineData("/status?key=node.name", "200 \"fiona\"")]
    [InlineData("/status?key=http.queue._default.length", "200 0")]
    [InlineData("/status?key=node.nothing.here", "200 {}")]
    [InlineData("/status?key=http.auth", "200 \"disabled\"")]
    public async Task A_key_leads_to_a_part_of_it(string path, string answer) => Assert.Equal(answer, await _server.Client.GetAsync(path));

    [Fact]
    public async Task Nodes_come_by_id_or_as_a_list()
    {
        string id = _server.Server.Node.Id.ToString();

        JsonElement old = Parse(await _server.Client.GetAsync("/nodes"));
        JsonElement list = Parse(await _server.Client.GetAsync("/nodes?ver=2"));
        JsonElement leader = Parse(await _server.Client.GetAsync("/leader"));

        Assert.Equal(old.GetProperty(id).GetRawText(), list.GetProperty("nodes")[0].GetRawText());
        Assert.Equal((id, true, true, true), (Text(leader, "id"), leader.GetProperty("voter").GetBoolean(), leader.GetProperty("reachable").GetBoolean(), leader.GetProperty("leader").GetBoolean()));
        Assert.Equal($"http://{_server.Server.Address}", Text(leader, "api_addr"));
    }

    [Fact]
    public async Task A_node_that_serves_is_ready_and_alive()
    {
        Assert.Equal("200 [+]node ok\n[+]leader ok\n[+]store ok\n[+]db ok", await _server.Client.GetAsync("/readyz"));
        Assert.Equal("200 [+]node ok\n[+]leader ok\n[+]store ok\n[+]db ok\n[+]sync ok", await _server.Client.GetAsync("/readyz?sync&timeout=5s"));
        Assert.Equal("200 [+]node ok", await _server.Client.GetAsync("/readyz?noleader"));
        Assert.Equal("200 ok", await _server.Client.GetAsync("/livez"));
    }

    [Fact]
    public async Task A_leader_without_followers_cant_step_down()
    {
        Assert.StartsWith("500 stepdown: ", await _server.Client.PostAsync("/leader?wait", """{"id":"n1"}"""), StringComparison.Ordinal);
        Assert.Equal("500 stepdown: node not found in cluster", await _server.Client.PostAsync("/leader", """{"id":"nobody"}"""));
    }

    [Fact]
    public async Task To_remove_who_isnt_there_is_done_and_the_last_voter_stays()
    {
        Assert.Equal("200", await _server.Client.AskAsync(HttpMethod.Delete, "/remove", """{"id":"n1"}"""));
        Assert.StartsWith("409 ", await _server.Client.AskAsync(HttpMethod.Delete, "/remove", $$"""{"id":"{{_server.Server.Node.Id}}"}"""), StringComparison.Ordinal);
        Assert.StartsWith("409 ", await _server.Client.AskAsync(HttpMethod.Delete, "/remove", $$"""{"id":"{{_server.Server.Address}}"}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"id":1}""")]
    [InlineData("""{"id":"n1","force":true}""")]
    public async Task Whom_to_remove_has_to_be_said(string body) =>
        Assert.StartsWith("400 ", await _server.Client.AskAsync(HttpMethod.Delete, "/remove", body), StringComparison.Ordinal);

    [Fact]
    public async Task A_snapshot_is_taken_once_for_the_same_state()
    {
        await _server.Client.PostAsync("/db/execute", """["INSERT a"]""");

        Assert.Equal("200", await _server.Client.PostAsync("/snapshot?trailing_logs=0"));
        Assert.Equal("204", await _server.Client.PostAsync("/snapshot"));
    }

    [Fact]
    public async Task Metrics_are_those_of_this_node()
    {
        await using TestServer other = await TestServer.StartAsync();
        await _server.Client.PostAsync("/db/execute", """["INSERT a"]""");

        using HttpResponseMessage response = await _server.Client.SendAsync(HttpMethod.Get, "/metrics");
        string page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Contains($"graft_group_leader{{graft_node=\"{_server.Server.Node.Id}\",graft_group=\"g1\"}} 1\n", page, StringComparison.Ordinal);
        Assert.Matches("# TYPE graft_write_duration_seconds histogram\ngraft_write_duration_seconds_bucket\\{[^}]*le=\"0.0001\"\\} \\d+\n", page);
        Assert.DoesNotContain(other.Server.Node.Id.ToString(), page, StringComparison.Ordinal);
        Assert.Contains("dotnet_gc_collections_total", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/db/execute", 405)]
    [InlineData("DELETE", "/db/query", 405)]
    [InlineData("POST", "/remove", 405)]
    [InlineData("GET", "/nowhere", 404)]
    [InlineData("GET", "/leaders", 404)]
    [InlineData("OPTIONS", "/nowhere", 200)]
    [InlineData("GET", "/db/backup", 501)]
    [InlineData("POST", "/boot", 400)]
    [InlineData("GET", "/db/backup?fmt=sql", 501)]
    [InlineData("GET", "/db/backup?fmt=sql&vacuum", 500)]
    public async Task Paths_and_methods_are_judged_as_in_the_dialect(string method, string path, int status)
    {
        using HttpResponseMessage response = await _server.Client.SendAsync(new HttpMethod(method), path);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("OPTIONS, GET, POST", HttpCaller.Header(response, "Access-Control-Allow-Methods"));
    }

    [Theory]
    [InlineData("localhost:1", "", 200)]
    [InlineData("192.0.2.1", "", 200)]
    [InlineData("[::1]:4001", "", 200)]
    [InlineData("evil.example", "", 421)]
    [InlineData("localhost:1", "http://localhost:1", 200)]
    [InlineData("localhost:1", "http://evil.example", 403)]
    [InlineData("localhost:1", "null", 403)]
    public async Task A_page_of_another_host_is_kept_out(string host, string origin, int status)
    {
        using HttpResponseMessage response = await _server.Client.SendAsync(
            HttpMethod.Get, "/livez", headers: [("Host", host), .. origin.Length > 0 ? [("Origin", origin)] : Array.Empty<(string, string)>()]);

        Assert.Equal(status, (int)response.StatusCode);
    }

    private static JsonElement Parse(string answer)
    {
        Assert.StartsWith("200 ", answer, StringComparison.Ordinal);
        return JsonDocument.Parse(answer[4..]).RootElement;
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
