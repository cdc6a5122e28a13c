using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Graft.Network;
using Graft.Network.Tests.Sockets;

namespace Graft.Server.Tests;

public sealed class SharedPortTests
{
    private static CancellationToken Over => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nodes_and_clients_meet_on_one_port_and_any_node_serves_any_request()
    {
        await using TestServer a = await StartAsync();
        await using TestServer b = await StartAsync(a);
        await using TestServer c = await StartAsync(a);

        foreach (TestServer server in (TestServer[])[a, b, c])
        {
            using HttpResponseMessage written = await server.Client.SendAsync(HttpMethod.Post, "/db/execute", """["INSERT a"]""");
            Assert.Equal(HttpStatusCode.OK, written.StatusCode);
            string index = HttpCaller.Header(written, "X-Graft-Index")!;
            foreach (TestServer reader in (TestServer[])[a, b, c])
            {
                string level = reader == server ? "level=linearizable" : $"min_index={index}";
                Assert.StartsWith("200 ", await reader.Client.GetAsync($"/db/query?q=SELECT+x&{level}"), StringComparison.Ordinal);
                Assert.True(reader.Server.Node.Group().Applied.Value >= ulong.Parse(index, CultureInfo.InvariantCulture));
            }
        }

        Assert.All([a, b, c], static server => Assert.Equal(["INSERT a", "INSERT a", "INSERT a"], server.Machine.Applied));
        foreach (TestServer server in (TestServer[])[a, b, c])
        {
            string nodes = await server.Client.GetAsync("/nodes?ver=2");
            Assert.Equal(3, nodes.Split("\"reachable\":true").Length - 1);
            Assert.All([a, b, c], member => Assert.Contains($"\"addr\":\"{member.Server.Address}\"", nodes, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_follower_that_is_to_redirect_does_and_forwards_otherwise()
    {
        await using TestServer a = await StartAsync();
        await using TestServer b = await StartAsync(a);
        (TestServer leader, TestServer follower) = a.Server.Node.Group().IsLeader ? (a, b) : (b, a);

        foreach ((HttpMethod method, string path, string? body) in new[]
        {
            (HttpMethod.Post, "/db/execute?redirect&timings", """["INSERT a"]"""),
            (HttpMethod.Get, "/db/query?q=SELECT%20x&redirect&level=strong", null),
            (HttpMethod.Post, "/db/request?redirect", """["INSERT a"]"""),
        })
        {
            using HttpResponseMessage moved = await follower.Client.SendAsync(method, path, body);
            Assert.Equal((HttpStatusCode.MovedPermanently, $"http://{leader.Server.Address}{path}"), (moved.StatusCode, moved.Headers.Location?.OriginalString));
        }

        Assert.Empty(leader.Machine.Applied);
        Assert.StartsWith("200 ", await follower.Client.GetAsync("/db/query?q=SELECT+x&redirect&level=none"), StringComparison.Ordinal);
        Assert.StartsWith("200 ", await follower.Client.PostAsync("/db/execute", """["INSERT a"]"""), StringComparison.Ordinal);
        Assert.Equal(["INSERT a"], leader.Machine.Applied);
    }

    [Fact]
    public async Task Leadership_goes_where_it_is_sent_from_any_node()
    {
        await using TestServer a = await StartAsync();
        await using TestServer b = await StartAsync(a);
        TestServer follower = a.Server.Node.Group().IsLeader ? b : a;

        string answer = await follower.Client.PostAsync("/leader?wait", $$"""{"id":"{{follower.Server.Node.Id}}"}""");

        Assert.Equal("200", answer);
        Assert.Contains($"\"id\":\"{follower.Server.Node.Id}\"", await follower.Client.GetAsync("/leader"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_quorum_status_metrics_and_local_reads_are_answered()
    {
        TestServer a = await StartAsync();
        TestServer b = await StartAsync(a);
        await a.Client.PostAsync("/db/execute", """["INSERT a"]""");
        (TestServer stays, TestServer goes) = a.Server.Node.Group().IsLeader ? (b, a) : (a, b);

        // Not in order: a leader that stops hands leadership over.
        await goes.Server.Node.DisposeAsync();
        await goes.DisposeAsync();
        while (stays.Server.Node.Group().Leader is not null)
        {
            await Task.Yield();
        }

        Assert.StartsWith("200 {", await stays.Client.GetAsync("/status"), StringComparison.Ordinal);
        Assert.Contains("\"error\":", await stays.Client.GetAsync("/nodes"), StringComparison.Ordinal);
        Assert.Contains("graft_group_led", await stays.Client.GetAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal("200 ok", await stays.Client.GetAsync("/livez"));
        Assert.Equal("503 [+]node ok\n[+]leader does not exist", await stays.Client.GetAsync("/readyz"));
        Assert.Equal("503 leader not found", await stays.Client.GetAsync("/leader"));
        Assert.StartsWith("200 {\"results\":[{\"columns\"", await stays.Client.GetAsync("/db/query?q=SELECT+x&level=none"), StringComparison.Ordinal);
        Assert.Equal("503 leader not found", await stays.Client.PostAsync("/db/execute?timeout=20ms", """["INSERT a"]"""));
        Assert.Equal("503 leader not found", await stays.Client.PostAsync("/db/execute?redirect", """["INSERT a"]"""));
        Assert.Equal("503 leader not found", await stays.Client.PostAsync("/db/execute?queue", """["INSERT a"]"""));
        await stays.DisposeAsync();
    }

    [Fact]
    public async Task The_same_certificates_serve_clients_and_nodes()
    {
        using var certificates = new Certificates();
        await using TestServer a = await StartAsync(null, certificates, "node-a");
        await using TestServer b = await StartAsync(a, certificates, "node-b");

        Assert.StartsWith("200 {\"results\"", await b.Client.PostAsync("/db/execute", """["INSERT a"]"""), StringComparison.Ordinal);
        Assert.Equal(["INSERT a"], a.Machine.Applied);
        Assert.Contains($"https://{a.Server.Address}", await b.Client.GetAsync("/nodes"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_without_a_certificate_is_let_in_if_one_is_required()
    {
        using var certificates = new Certificates();
        await using TestServer a = await StartAsync(null, certificates, "node-a");
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = Trusting(certificates, null) });

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri($"https://{a.Server.Address}/livez"), Over));
    }

    [Fact]
    public async Task A_certificate_that_cant_be_read_fails_the_start()
    {
        IOException failed = await Assert.ThrowsAsync<IOException>(() => TestServer.StartAsync(static options =>
            options.Tls = new TlsOptions { CertificatePath = "nowhere.pem" }));

        Assert.Contains("nowhere.pem", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0xF7, (byte)'G', (byte)'R', (byte)'F', 9, 0, 0, 0 })]
    [InlineData(new byte[] { 0xF7, 0, 0, 0 })]
    [InlineData(new byte[] { 0x16, 3, 1, 0 })]
    public async Task Whoever_speaks_neither_is_shown_out(byte[] bytes)
    {
        await using TestServer server = await StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Server.Address.Port, Over);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(bytes, Over);

        var answer = new StringBuilder();
        try
        {
            byte[] buffer = new byte[1024];
            client.Client.Shutdown(SocketShutdown.Send);
            for (int count; (count = await stream.ReadAsync(buffer, Over)) > 0;)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (IOException)
        {
            // Shown out less politely.
        }

        Assert.DoesNotContain("200", answer.ToString(), StringComparison.Ordinal);
        Assert.Equal("200 ok", await server.Client.GetAsync("/livez"));
    }

    [Fact]
    public async Task A_request_may_come_byte_by_byte()
    {
        await using TestServer server = await StartAsync();
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, server.Server.Address.Port, Over);
        NetworkStream stream = client.GetStream();
        foreach (byte each in "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray())
        {
            await stream.WriteAsync(new[] { each }, Over);
        }

        using var reader = new StreamReader(stream);
        Assert.EndsWith("\r\n\r\nok\n", await reader.ReadToEndAsync(Over), StringComparison.Ordinal);
    }

    private static Task<TestServer> StartAsync(TestServer? join = null, Certificates? certificates = null, string name = "")
    {
        TlsOptions? tls = certificates?.For(name);
        return TestServer.StartAsync(
            options =>
            {
                options.Tls = tls;
                TestServer.BeCalm(options);
            },
            join,
            certificates is null ? null : new SocketsHttpHandler { SslOptions = Trusting(certificates, name) });
    }

    private static SslClientAuthenticationOptions Trusting(Certificates certificates, string? name)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(certificates.AuthorityPath);
        return new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = policy,
            ClientCertificates = name is null ? null : [X509Certificate2.CreateFromPemFile(certificates.PathOf(name))],
        };
    }
}
