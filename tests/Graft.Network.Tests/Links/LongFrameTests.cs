using Graft.Consensus;

namespace Graft.Network.Tests.Links;

/// <summary>Frames that begin to come and don't end: what they may cost, and whom.</summary>
public sealed class LongFrameTests
{
    private const int Long = 1 << 20;

    [Theory]
    [InlineData(FrameType.Batch)]
    [InlineData(FrameType.Request)]
    public void Before_the_hello_no_long_frame_is_waited_for(object type) => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2);
        await using RawPeer raw = await RawPeer.ConnectAsync(town, 2);
        TimeSpan began = town.World.Time.Elapsed;

        await raw.SendAsync([.. RawPeer.Greeting(RawPeer.PeerHello)[..Preamble.Size], .. RawPeer.Announce((FrameType)type, 0, Long)]);

        Assert.Empty(await raw.ReadToEndAsync());
        Assert.True(town.World.Time.Elapsed - began < TimeSpan.FromSeconds(1));
        Assert.Contains("at most 1024 are allowed", host.Only(NetworkEventKind.HelloIncomplete).Text, StringComparison.Ordinal);
    });

    [Fact]
    public void Requests_that_never_end_are_bounded_together_and_others_are_told_to_come_back() => Town.Play(
        async town =>
        {
            (_, TestHost host) = await town.StartAsync(2, options => options with { UnfinishedBytesMax = 3 * Long });
            List<RawPeer> dripping = [];
            for (int i = 0; i < 3; i++)
            {
                dripping.Add(await GreetAsync(town));
                await dripping[i].SendAsync([.. RawPeer.Announce(FrameType.Request, 1, Long), .. new byte[50_000]]);
            }

            await town.World.DelayAsync(TimeSpan.FromMilliseconds(1));
            await using RawPeer honest = await GreetAsync(town);
            await SendInPartsAsync(town, honest, [.. RawPeer.Request(7, 1, Long), .. RawPeer.Request(8, 2, 10)]);

            Assert.Equal((7ul, CallStatus.Overloaded, 0L), await honest.ResponseAsync());
            Assert.Equal((8ul, (ushort)2, 10L), await honest.ResponseAsync());
            host.Only(NetworkEventKind.CallOverloaded);

            // A byte now and then is no progress.
            for (int i = 0; i < 4; i++)
            {
                await town.World.DelayAsync(TimeSpan.FromSeconds(1));
                await honest.SendAsync(RawPeer.Frame(FrameType.Ping, 1, []));
                await DripAsync(dripping);
            }

            TimeSpan dripped = town.World.Time.Elapsed;
            foreach (RawPeer each in dripping)
            {
                Assert.Empty(await each.ReadToEndAsync());
                await each.DisposeAsync();
            }

            Assert.True(town.World.Time.Elapsed - dripped < TimeSpan.FromMilliseconds(100));

            await SendInPartsAsync(town, honest, RawPeer.Request(9, 3, Long));
            while (await honest.Reader.MoveNextAsync() && honest.Reader.Header.Type == FrameType.Pong)
            {
            }

            Assert.Equal((FrameType.Response, 9ul), (honest.Reader.Header.Type, honest.Reader.Header.Id));
            Assert.True(honest.Reader.Body.Length > Long);
        },
        seeds: 3);

    [Fact]
    public void A_batch_for_which_there_is_no_room_is_dropped_and_its_connection_goes_on() => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2, options => options with { UnfinishedBytesMax = Long });
        await using RawPeer slow = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello with { Node = new NodeId(8) });
        await slow.SendAsync([.. RawPeer.Announce(FrameType.Batch, 0, Long), .. new byte[1000]]);
        await town.World.DelayAsync(TimeSpan.FromMilliseconds(1));
        await using RawPeer raw = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello);
        var ends = new MessageEnds(new ClusterId(1), new NodeId(9), new NodeId(2), new Incarnation(4));
        byte[] body = new byte[200_000];
        Message append = Town.Append(9, 2, 1, 1) with { FromIncarnation = new Incarnation(4) };

        byte[] batch = RawPeer.Frame(FrameType.Batch, 0, body[..MessageCodec.Write(body, new GroupId(1), append, Town.Entries(1, 150_000), ends)]);
        await SendInPartsAsync(town, raw, batch);
        await raw.SendAsync(HelloTests.Batch(5));

        await town.World.UntilAsync(() => host.Messages.Count == 1, "the short one has come");
        Assert.Equal(5ul, host.Messages[0].Message.Round);
        Assert.Equal(new NodeId(9), host.Only(NetworkEventKind.AppendDropped).Node);
    });

    private static Task<RawPeer> GreetAsync(Town town) => RawPeer.GreetAsync(town, 2, new Hello { Kind = ConnectionKind.Call });

    // What is there as a whole when its header is read has no need of room to wait.
    private static async Task SendInPartsAsync(Town town, RawPeer raw, byte[] bytes)
    {
        await raw.SendAsync(bytes[..30_000]);
        await town.World.DelayAsync(TimeSpan.FromMilliseconds(1));
        await raw.SendAsync(bytes[30_000..]);
    }

    private static async Task DripAsync(List<RawPeer> dripping)
    {
        foreach (RawPeer each in dripping)
        {
            try
            {
                await each.SendAsync([0]);
            }
            catch (IOException)
            {
                // It was cut off.
            }
        }
    }
}
