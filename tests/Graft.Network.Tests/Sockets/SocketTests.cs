using Graft.Consensus;
using Graft.Network.Tests.Codecs;
using Graft.Network.Tests.Links;

namespace Graft.Network.Tests.Sockets;

/// <summary>Real sockets on the loopback, on ports that the system chooses. Whatever hangs is cut off.</summary>
public sealed class SocketTests : IDisposable
{
    // Nothing here is about time, and a busy machine may take long for a handshake.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _cut = new(2 * Patience);

    public void Dispose() => _cut.Dispose();

    [Fact]
    public async Task Messages_calls_and_refusals_pass_over_plain_sockets() => await TalkAsync(null, null);

    [Fact]
    public async Task Messages_calls_and_refusals_pass_over_mutual_tls()
    {
        using var certificates = new Certificates();
        await TalkAsync(certificates.For("node-1"), certificates.For("node-2"));
    }

    [Fact]
    public async Task The_node_sees_the_names_in_the_certificate_of_who_connects()
    {
        using var certificates = new Certificates();
        var policy = new TestHost();
        await using Endpoint two = await StartAsync(2, policy, certificates.For("node-2"));
        var network = new SocketNetwork(new SocketNetworkOptions { Tls = certificates.For("node-1") });

        await using CallConnection calls = await OpenAsync(network, two);

        Assert.Equal(["node-1", "localhost", "127.0.0.1", "node-1"], policy.PeerNames);
    }

    [Fact]
    public async Task Who_has_no_certificate_of_the_authority_is_not_let_in()
    {
        using var certificates = new Certificates();
        using var others = new Certificates();
        await using Endpoint two = await StartAsync(2, new TestHost(), certificates.For("node-2"));

        var stranger = new SocketNetwork(new SocketNetworkOptions
        {
            Tls = others.For("node-1") with { AuthorityPath = certificates.AuthorityPath },
        });
        await Assert.ThrowsAnyAsync<IOException>(() => OpenAsync(stranger, two));
        var trusting = new SocketNetwork(new SocketNetworkOptions { Tls = certificates.For("node-3") with { AuthorityPath = others.AuthorityPath } });
        await Assert.ThrowsAnyAsync<IOException>(() => OpenAsync(trusting, two));
        await Assert.ThrowsAnyAsync<IOException>(() => OpenAsync(new SocketNetwork(), two));
        var misled = new SocketNetwork(new SocketNetworkOptions { Tls = certificates.For("node-1") with { ServerName = "elsewhere" } });
        await Assert.ThrowsAnyAsync<IOException>(() => OpenAsync(misled, two));
    }

    [Fact]
    public async Task A_certificate_that_changes_counts_from_the_next_handshake_on()
    {
        using var certificates = new Certificates();
        var events = new List<string>();
        TlsOptions tls = certificates.For("node-2");
        await using Endpoint two = await StartAsync(2, new TestHost(), tls, what => events.Add(what.Text));
        SocketNetwork Caller(string expected) =>
            new(new SocketNetworkOptions { Tls = certificates.For("node-1") with { ServerName = expected } });
        await using CallConnection before = await OpenAsync(Caller("node-2"), two);

        certificates.Write("node-2", "renewed");

        await using (CallConnection after = await OpenAsync(Caller("renewed"), two))
        {
            Assert.Contains(events, text => text.Contains("CN=renewed", StringComparison.Ordinal));
        }

        await Assert.ThrowsAnyAsync<IOException>(() => OpenAsync(Caller("node-2"), two));
        Assert.Equal(1, (await before.CallAsync(1, new GroupId(1), default, TimeSpan.FromSeconds(30), _cut.Token)).Status);

        // Half written, as a copy in progress leaves it.
        await File.WriteAllTextAsync(tls.CertificatePath, "-----BEGIN CERTIFICATE-----\nMIIB", _cut.Token);
        await using CallConnection still = await OpenAsync(Caller("renewed"), two);
        Assert.Contains(events, text => text.Contains("the certificate of before stays", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_becomes_of_a_certificate_is_told_to_the_node_though_another_who_is_told_throws()
    {
        using var certificates = new Certificates();
        var host = new TestHost();
        TlsOptions tls = certificates.For("node-2");
        await using Endpoint two = await StartAsync(2, host, tls, _ => throw new NotSupportedException("a full log"));
        var network = new SocketNetwork(new SocketNetworkOptions { Tls = certificates.For("node-1") });
        await using CallConnection before = await OpenAsync(network, two);

        certificates.Write("node-2", "renewed");

        await using CallConnection after = await OpenAsync(network, two);
        Assert.Contains("CN=renewed", host.Only(NetworkEventKind.Certificate).Text, StringComparison.Ordinal);
        Assert.Empty(host.Faults);
    }

    [Fact]
    public async Task A_file_without_its_key_changes_nothing()
    {
        using var certificates = new Certificates();
        var host = new TestHost();
        TlsOptions tls = certificates.For("node-2");
        certificates.WritePacked("node-2", "node-2", hasKey: true);
        await using Endpoint two = await StartAsync(2, host, tls);
        var network = new SocketNetwork(new SocketNetworkOptions { Tls = certificates.For("node-1") });
        await using CallConnection before = await OpenAsync(network, two);

        certificates.WritePacked("node-2", "other", hasKey: false);

        await using CallConnection after = await OpenAsync(network, two);
        Assert.Contains("the certificate of before stays", host.Only(NetworkEventKind.Certificate).Text, StringComparison.Ordinal);
        Assert.Empty(host.Faults);
    }

    [Fact] // some tools write a network of 8 bytes where an address of 4 belongs
    public async Task A_certificate_whose_names_cannot_be_read_costs_its_bearer_the_connection_and_nobody_else_anything()
    {
        using var certificates = new Certificates();
        var host = new TestHost();
        await using Endpoint two = await StartAsync(2, host, certificates.For("node-2"));
        TlsOptions odd = certificates.For("node-1");
        certificates.WriteWithNames("node-1", [0x30, 0x0A, 0x87, 0x08, 10, 0, 0, 0, 255, 0, 0, 0]);

        await Assert.ThrowsAnyAsync<IOException>(() => OpenAsync(new SocketNetwork(new SocketNetworkOptions { Tls = odd }), two));

        await host.WaitAsync(() => host.Events.Count + host.Faults.Count > 0, _cut.Token);
        host.Only(NetworkEventKind.HelloIncomplete);
        Assert.Empty(host.Faults);
        await using CallConnection other = await OpenAsync(new SocketNetwork(new SocketNetworkOptions { Tls = certificates.For("node-3") }), two);
    }

    [Fact]
    public async Task Nobody_there_and_a_port_in_use_are_told_in_a_sentence()
    {
        var network = new SocketNetwork();
        await using IListener listener = await network.ListenAsync(new NodeAddress("127.0.0.1", 0), _cut.Token);
        NodeAddress taken = listener.Address;

        IOException used = await Assert.ThrowsAsync<IOException>(() => network.ListenAsync(taken, _cut.Token).AsTask());
        Assert.StartsWith($"Can't listen on {taken}: ", used.Message, StringComparison.Ordinal);

        await listener.DisposeAsync();
        IOException nobody = await Assert.ThrowsAsync<IOException>(() => network.ConnectAsync(taken, _cut.Token).AsTask());
        Assert.StartsWith($"Can't connect to {taken}: ", nobody.Message, StringComparison.Ordinal);
        Assert.Null(await listener.AcceptAsync(_cut.Token));
    }

    private async Task TalkAsync(TlsOptions? first, TlsOptions? second)
    {
        var hosts = new[] { new TestHost(), new TestHost() };
        await using Endpoint one = await StartAsync(1, hosts[0], first);
        await using Endpoint two = await StartAsync(2, hosts[1], second);
        one.SetAddress(new NodeId(2), two.ListenAddress);
        two.SetAddress(new NodeId(1), one.ListenAddress);
        foreach (TestHost host in hosts)
        {
            await host.WaitAsync(() => host.Connected.Count == 1, _cut.Token);
        }

        for (ulong i = 1; i <= 500; i++)
        {
            Assert.True(one.Peer(new NodeId(2)).Send(new GroupId(1), Town.Append(1, 2, i, 2), Town.Entries(2, 1000)));
            Assert.True(two.Peer(new NodeId(1)).Send(new GroupId(1), Town.Heartbeat(2, 1, i), []));
        }

        await hosts[1].WaitAsync(() => hosts[1].Messages.Count == 500, _cut.Token);
        await hosts[0].WaitAsync(() => hosts[0].Messages.Count == 500, _cut.Token);
        Assert.Equal(Enumerable.Range(1, 500).Select(i => (ulong)i), hosts[1].Messages.Select(each => each.Message.Entry.Index.Value));
        byte[] large = RandomMessages.Bytes(new SeededRandom(3), 1 << 20);
        CallReply reply = await one.CallAsync(new NodeId(2), 5, new GroupId(1), large, TimeSpan.FromSeconds(30), 1, _cut.Token);
        Assert.True(large.AsSpan().SequenceEqual(reply.Body.Span));

        hosts[0].Judgement = _ => new HelloRefusal(RefusalCode.Unauthorized, 0, 0, "Not you.");
        var network = new SocketNetwork(new SocketNetworkOptions { Tls = second });
        HelloRefusedException refused = await Assert.ThrowsAsync<HelloRefusedException>(() => OpenAsync(network, one));
        Assert.Equal("Not you.", refused.Refusal.Text);
        Assert.All(hosts, host => Assert.Empty(host.Faults));
    }

    private async Task<Endpoint> StartAsync(ulong node, IEndpointHost host, TlsOptions? tls, Action<NetworkEvent>? happened = null)
    {
        var options = new EndpointOptions
        {
            Node = new NodeId(node),
            Incarnation = new Incarnation(1),
            Listen = new NodeAddress("127.0.0.1", 0),
            SilenceMax = Patience,
            HelloTimeout = Patience,
            ConnectTimeout = Patience,
        };
        var network = new SocketNetwork(new SocketNetworkOptions { Tls = tls, Happened = happened });
        var endpoint = new Endpoint(options, network, TimeProvider.System, new SeededRandom(node), host);
        await endpoint.StartAsync(_cut.Token);
        return endpoint;
    }

    private async Task<CallConnection> OpenAsync(SocketNetwork network, Endpoint endpoint) => await CallConnection.OpenAsync(
        new CallConnectionOptions { SilenceMax = Patience, HelloTimeout = Patience, ConnectTimeout = Patience },
        network,
        endpoint.ListenAddress,
        TimeProvider.System,
        _cut.Token);
}
