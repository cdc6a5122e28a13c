using Graft.Network;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Graft.Tests;

public sealed class HostingTests
{
    [Theory]
    [InlineData("0.0.0.0:7000", null, false)]
    [InlineData("[::]:7000", null, false)]
    [InlineData("0.0.0.0:7000", "0.0.0.0:7000", false)]
    [InlineData("10.0.0.1:7000", "[::]:7000", false)]
    [InlineData("0.0.0.0:7000", "n1:7000", true)]
    [InlineData("127.0.0.1:0", null, true)]
    public void Who_listens_on_all_addresses_says_at_which_it_is_reached(string listen, string? advertised, bool isRight)
    {
        var options = new GraftOptions { DataDirectory = "data", Listen = listen, Advertised = advertised };

        ValidateOptionsResult result = new GraftOptionsValidator().Validate(null, options);

        Assert.Equal(isRight, result.Succeeded);
        Assert.Equal(!isRight, result.FailureMessage?.StartsWith("Advertised must say", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData("Graft:Join", "n1:7000", "is a list of addresses")]
    [InlineData("Graft:Jion:0", "n1:7000", "Did you mean Join?")]
    [InlineData("Graft:electiontimeot", "00:00:01", "Did you mean ElectionTimeout?")]
    [InlineData("Graft:Colour", "red", "There are Advertised,")]
    [InlineData("Graft:ElectionTimeout", "200", "would be 200 days")]
    [InlineData("Graft:Join:0", "n1:7000", null)]
    [InlineData("Graft:electionTimeout", "00:00:00.2", null)]
    public void What_the_binder_would_swallow_is_said(string key, string value, string? expected)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new KeyValuePair<string, string?>(key, value)]).Build();

        ValidateOptionsResult result = new GraftSectionValidator(configuration.GetSection("Graft")).Validate(null, new GraftOptions());

        Assert.Equal(expected is null, result.Succeeded);
        Assert.Contains(expected ?? "", result.FailureMessage ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void The_places_of_clients_are_an_option()
    {
        Assert.Equal(7, new GraftOptions { DataDirectory = "data", ClientConnectionsMax = 7 }.ToNodeOptions().ClientConnectionsMax);
        Assert.Throws<ArgumentException>(() => new NodeOptions { ClientConnectionsMax = 0 }.Validate(hasDisk: true));
    }

    [Fact]
    public void A_second_node_in_one_host_is_refused_in_a_sentence()
    {
        IConfiguration section = new ConfigurationBuilder().Build();
        IServiceCollection services = new ServiceCollection().AddGraft<Machine, string, string>(section);

        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => services.AddGraft<Machine, string, string>(section));

        Assert.StartsWith("AddGraft was called before", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_so_many_clients_are_let_in_and_nodes_are_not_counted_with_them() => NodeWorld.Play(async world =>
    {
        world.Configure = static (_, options) => options.ClientConnectionsMax = 1;
        await world.StartAsync("a");
        await world.StartAsync("b", "a");
        await world.StopAsync("b");
        await using CallConnection client = await OpenAsync(world);

        HelloRefusedException busy = await Assert.ThrowsAsync<HelloRefusedException>(() => OpenAsync(world));
        GraftNode again = await world.StartAsync("b");

        Assert.Equal(RefusalCode.Busy, busy.Refusal.Code);
        Assert.Equal("1:x", await NodeWorld.WriteAsync(again, "x"));

        // Who isn't a node yet waits among the clients.
        Task<GraftNode> joining = world.StartAsync("c", "a");
        await world.World.DelayAsync(TimeSpan.FromSeconds(5));
        Assert.False(joining.IsCompleted);
        await client.DisposeAsync();
        await joining;
    });

    private static Task<CallConnection> OpenAsync(NodeWorld world) =>
        CallConnection.OpenAsync(new CallConnectionOptions(), world.Network.At("client"), NodeWorld.At("a"), world.World.Time, CancellationToken.None).AsTask();

    private sealed class Machine : IStateMachine<string, string>
    {
        public string Apply(string command, AppliedAt at) => command;

        public void Save(Stream snapshot)
        {
        }

        public void Load(Stream snapshot)
        {
        }
    }
}
