using System.Net;
using System.Net.Sockets;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Server.Tests;

public sealed class GraftServerTests
{
    [Fact]
    public async Task Beyond_loopback_it_listens_only_if_told_so()
    {
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => TestServer.StartAsync(static options =>
        {
            options.Listen = new NodeAddress("0.0.0.0", 0);
            options.Advertised = new NodeAddress("node-1.example", 4001);
        }));
        Assert.Contains("AllowAnonymousBeyondLoopback", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_address_needs_one_that_others_can_dial()
    {
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => TestServer.StartAsync(static options =>
            (options.Listen, options.AllowAnonymousBeyondLoopback) = (new NodeAddress("0.0.0.0", 0), true)));

        Assert.Contains("Advertised", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var options = new ServerOptions
        {
            RequestBytesMax = 0, DefaultTimeout = TimeSpan.Zero, HttpConnectionsMax = 0, QueueRequestsMax = 0, DrainTimeout = TimeSpan.FromSeconds(-1), Found = true,
        };
        options.Join.Add(new NodeAddress("a", 1));

        string message = Assert.Throws<ArgumentException>(() => options.Validate(hasDisk: false)).Message;

        foreach (string name in (string[])["DataDirectory", "RequestBytesMax", "DefaultTimeout", "HttpConnectionsMax", "QueueRequestsMax", "DrainTimeout", "Join"])
        {
            Assert.Contains(name, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_fails_the_start()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;

        await Assert.ThrowsAsync<IOException>(() => TestServer.StartAsync(options => options.Listen = new NodeAddress("127.0.0.1", port)));
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync(static options => options.RequestBytesMax = 100);

        Assert.StartsWith("413 ", await server.Client.PostAsync("/db/execute", new string(' ', 101)), StringComparison.Ordinal);
        Assert.StartsWith("200 ", await server.Client.PostAsync("/db/execute", """["INSERT a"]"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_of_all_requests_share_a_limit_and_give_back_what_they_took()
    {
        await using TestServer server = await TestServer.StartAsync(static options => (options.RequestBytesMax, options.RequestsBytesMax) = (100, 150));
        var gate = new TaskCompletionSource();
        server.Database.Gate = gate.Task;
        Task<string> held = server.Client.PostAsync("/db/execute", """["INSERT a"]""".PadRight(90));
        await server.Database.Entered.Task;

        Assert.StartsWith("503 too many bytes", await server.Client.PostAsync("/db/execute", """["INSERT b"]""".PadRight(90)), StringComparison.Ordinal);
        gate.SetResult();
        await held;

        Assert.StartsWith("200 ", await server.Client.PostAsync("/db/execute", """["INSERT c"]""".PadRight(90)), StringComparison.Ordinal);
        Assert.Equal(["INSERT a", "INSERT c"], server.Machine.Applied);
    }

    [Fact]
    public async Task A_node_that_was_told_to_go_takes_the_server_with_it()
    {
        await using TestServer stays = await TestServer.StartAsync(TestServer.BeCalm);
        TestServer goes = await TestServer.StartAsync(TestServer.BeCalm, stays);

        MembershipChange change = MembershipChange.None.Remove(goes.Server.Node.Id);
        await stays.Server.Node.Group().Roster.ChangeAsync(new MembersRequest(change) { StopRemoved = true }, default, TestContext.Current.CancellationToken);

        await goes.Server.Stopped;
        await goes.DisposeAsync();
    }

    [Fact]
    public async Task A_command_that_is_too_large_is_rejected()
    {
        await using TestServer server = await TestServer.StartAsync();

        Assert.StartsWith("413 ", await server.Client.PostAsync("/db/execute", $"[\"INSERT {new string('a', 200 << 10)}\"]"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_are_allowed_are_hosts_and_origins()
    {
        await using TestServer server = await TestServer.StartAsync(static options =>
        {
            options.AllowedHosts.Add("db.example");
            options.AllowedOrigins.Add("https://admin.example");
        });

        using HttpResponseMessage answer = await server.Client.SendAsync(
            HttpMethod.Get, "/livez", headers: [("Host", "db.example:4001"), ("Origin", "https://admin.example")]);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("https://admin.example", HttpCaller.Header(answer, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_stop_lets_end_what_is_under_way_and_lets_in_nothing_more()
    {
        TestServer server = await TestServer.StartAsync();
        var gate = new TaskCompletionSource();
        server.Database.Gate = gate.Task;
        Task<string> underWay = server.Client.PostAsync("/db/execute", """["INSERT a"]""");
        await server.Database.Entered.Task;

        Task stopping = server.Server.DisposeAsync().AsTask();
        Assert.Equal("503 this node is stopping", await server.Client.GetAsync("/livez"));
        Assert.False(stopping.IsCompleted);
        gate.SetResult();

        Assert.StartsWith("200 ", await underWay, StringComparison.Ordinal);
        await stopping;
        await server.Server.Stopped;
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_name_is_resolved_to_listen_there()
    {
        await using TestServer server = await TestServer.StartAsync(static options => options.Listen = new NodeAddress("localhost", 0));

        Assert.Equal("localhost", server.Server.Address.Host);
        Assert.Equal("200 ok", await server.Client.GetAsync("/livez"));
    }
}
