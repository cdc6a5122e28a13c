using Graft.Consensus;
using Graft.Network;

namespace Graft.Tests;

/// <summary>Many who aren't members, and what they can't do to those who are.</summary>
public sealed class StrangersTests
{
    [Fact]
    public void However_many_say_where_they_are_a_member_that_comes_later_is_reached() => NodeWorld.Play(async world =>
    {
        GraftNode first = await world.StartAsync("a");
        for (ulong i = 1; i <= 4096; i++)
        {
            var host = new Stranger(first.Cluster);
            var options = new EndpointOptions { Node = new NodeId(i), Incarnation = new Incarnation(1), Advertised = new NodeAddress("nowhere", 1) };
            await using var stranger = new Endpoint(options, world.Network.At("raw"), world.World.Time, new SeededRandom(i), host);
            stranger.SetAddress(first.Id, NodeWorld.At("a"));
            await world.World.UntilAsync(() => host.IsConnected, "a stranger is connected");
        }

        world.Configure = static (_, options) => options.JoinTimeout = TimeSpan.FromSeconds(30);
        await world.StartAsync("b", "a");

        Assert.Equal(2, first.Group().Members.IncomingVoters.Length);
    });

    private sealed class Stranger(ClusterId cluster) : IEndpointHost
    {
        internal bool IsConnected { get; private set; }

        public ClusterId Cluster => cluster;

        public HelloRefusal? Judge(Hello hello, IReadOnlyList<string> peerNames) => null;

        public void Received(PeerMessage message) => message.Release();

        public void PeerConnected(NodeId node, Incarnation incarnation, NodeAddress? advertised) => IsConnected = true;

        public void PeerLost(NodeId node, string why)
        {
        }

        public void PeerHeard(NodeId node, Incarnation incarnation, NodeAddress? advertised)
        {
        }

        public ValueTask<CallReply> ServeAsync(CallRequest request, CancellationToken cancellation) => default;

        public ISnapshotSource? FindSnapshot(GroupId group, EntryId last, NodeId asker) => null;

        public void Happened(in NetworkEvent what)
        {
        }

        public void Faulted(Exception exception) => throw exception;
    }
}
