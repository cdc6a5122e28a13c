using Graft.Consensus;
using Graft.Network.Tests.Codecs;

namespace Graft.Network.Tests.Links;

/// <summary>What breaks the format after the hello ends its connection and nothing else.</summary>
public sealed class ViolationTests
{
    [Fact] // museum L10, on a whole connection
    public void A_flipped_bit_resets_the_connection_and_changes_nothing() => Town.Play(
        async town =>
        {
            (_, TestHost host) = await town.StartAsync(2);
            byte[] batch = HelloTests.Batch(7);
            for (int bit = 0; bit < batch.Length * 8; bit += 11)
            {
                byte[] flipped = [.. batch];
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                await using RawPeer raw = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);

                await raw.SendAsync(flipped);

                Assert.Empty(await raw.ReadToEndAsync());
            }

            Assert.Empty(host.Messages);
            Assert.Empty(host.Faults);
        },
        seeds: 2);

    [Fact]
    public void A_batch_that_ends_in_the_middle_of_a_message_delivers_none_of_it() => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2);
        byte[] body = HelloTests.Batch(7)[FrameHeader.Size..];
        await using RawPeer raw = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);

        await raw.SendAsync(RawPeer.Frame(FrameType.Batch, 0, [.. body, .. body, .. body[..^1]]));

        Assert.Empty(await raw.ReadToEndAsync());
        Assert.Empty(host.Messages);
        await town.World.UntilAsync(() => host.Events.Count == 1, "it is told");
        Assert.Equal("It sent a batch whose messages can't be read.", host.Only(NetworkEventKind.ConnectionBroken).Text);
    });

    [Fact]
    public void A_frame_on_the_wrong_kind_of_connection_ends_it() => Town.Play(
        async town =>
        {
            await town.StartAsync(2);
            foreach (ConnectionKind kind in Enum.GetValues<ConnectionKind>())
            {
                foreach (FrameType type in Enum.GetValues<FrameType>().Where(type => !IsAllowed(kind, type)))
                {
                    await using RawPeer raw = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello with { Kind = kind });
                    Assert.Equal(FrameType.Welcome, raw.Reader.Header.Type);

                    await raw.SendAsync(RawPeer.Frame(type, 1, []));

                    Assert.Empty(await raw.ReadToEndAsync());
                }
            }
        },
        seeds: 2);

    [Fact]
    public void Rubbish_of_any_kind_ends_its_connection_and_hurts_no_other() => Town.Play(
        async town =>
        {
            (Endpoint one, _) = await town.StartAsync(1);
            (_, TestHost host) = await town.StartAsync(2);
            PeerLink link = await LinkTests.ConnectAsync(town, one, 2);
            var random = new SeededRandom(77);
            for (int i = 0; i < 50; i++)
            {
                await using RawPeer raw = random.Chance(500)
                    ? await RawPeer.ConnectAsync(town, 2)
                    : await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello with { Kind = (ConnectionKind)random.Next(1, 3) });
                try
                {
                    await raw.SendAsync(RandomMessages.Bytes(random, random.Next(1, 5000)));
                }
                catch (IOException)
                {
                    // It was quicker.
                }
            }

            await town.World.DelayAsync(TimeSpan.FromSeconds(10));
            Assert.True(link.Send(new GroupId(1), Town.Heartbeat(1, 2, 1), []));
            await town.World.UntilAsync(() => host.Messages.Count == 1, "the link still works");
            Assert.Empty(host.Lost);
            Assert.Empty(host.Faults);
            Assert.Equal(1, town.Network.OpenConnections);
        },
        seeds: 3);

    private static bool IsAllowed(ConnectionKind kind, FrameType type) => kind switch
    {
        ConnectionKind.Peer => type is FrameType.Ping or FrameType.Batch,
        ConnectionKind.Call => type is FrameType.Ping or FrameType.Request or FrameType.Cancel,
        _ => type is FrameType.Fetch,
    } && type is not (FrameType.Fetch or FrameType.Request);
}
