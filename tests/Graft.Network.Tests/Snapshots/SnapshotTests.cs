using Graft.Consensus;
using Graft.Network.Tests.Codecs;
using Graft.Network.Tests.Links;

namespace Graft.Network.Tests.Snapshots;

public sealed class SnapshotTests
{
    private static readonly EntryId Last = EntryId.Of(4, 1000);

    [Fact]
    public void A_snapshot_arrives_whole() => Town.Play(async town =>
    {
        (SnapshotFetcher fetcher, TestHost host) = await StartAsync(town);
        byte[] bytes = Content(3_000_000);
        host.Snapshot = last => last == Last ? new Source(bytes) : null;
        var sink = new Sink();

        SnapshotFetch fetch = await FetchAsync(fetcher, sink);

        Assert.Equal(new SnapshotFetch(SnapshotFetchOutcome.Complete, SnapshotRefusal.None, "", bytes.Length), fetch);
        Assert.Equal((bytes.Length, 99u), (sink.Total, sink.Checksum));
        Assert.True(bytes.AsSpan().SequenceEqual(sink.Bytes.ToArray()));
    });

    [Fact]
    public void An_empty_snapshot_is_one_too() => Town.Play(async town =>
    {
        (SnapshotFetcher fetcher, TestHost host) = await StartAsync(town);
        host.Snapshot = _ => new Source([]);

        Assert.Equal(SnapshotFetchOutcome.Complete, (await FetchAsync(fetcher, new Sink())).Outcome);
    });

    [Fact]
    public void However_often_it_is_lost_it_goes_on_where_it_was() => Town.Play(async town =>
    {
        (SnapshotFetcher fetcher, TestHost host) = await StartAsync(town, options => options with { SnapshotBytesPerSecond = 1_000_000, SnapshotChunkBytes = 10_000 });
        byte[] bytes = Content(2_000_000);
        host.Snapshot = _ => new Source(bytes);
        var sink = new Sink();
        int losses = 0;
        long brought = 0;

        SnapshotFetch fetch;
        do
        {
            Task<SnapshotFetch> fetching = FetchAsync(fetcher, sink).AsTask();
            await town.World.DelayAsync(TimeSpan.FromMilliseconds(350));
            town.Network.Reset("h1", "h2");
            fetch = await fetching;
            brought += fetch.ReceivedBytes;
            losses += fetch.Outcome == SnapshotFetchOutcome.Lost ? 1 : 0;
        }
        while (fetch.Outcome != SnapshotFetchOutcome.Complete);

        Assert.InRange(losses, 4, 8);
        Assert.Equal(bytes.Length, brought);
        Assert.True(bytes.AsSpan().SequenceEqual(sink.Bytes.ToArray()));
    });

    [Fact]
    public void The_rate_is_kept_by_all_snapshots_together() => Town.Play(async town =>
    {
        (SnapshotFetcher fetcher, TestHost host) = await StartAsync(town, options => options with { SnapshotBytesPerSecond = 1_000_000, SnapshotChunkBytes = 50_000 });
        byte[] bytes = Content(2_000_000);
        host.Snapshot = _ => new Source(bytes);
        TimeSpan began = town.World.Time.Elapsed;

        Task<SnapshotFetch> other = FetchAsync(fetcher, new Sink()).AsTask();
        await FetchAsync(fetcher, new Sink());
        await other;

        Assert.InRange(town.World.Time.Elapsed - began, TimeSpan.FromSeconds(3.8), TimeSpan.FromSeconds(4.2));
    });

    [Fact]
    public void A_transfer_that_is_slow_but_moves_is_never_given_up() => Town.Play(
        async town =>
        {
            (SnapshotFetcher fetcher, TestHost host) = await StartAsync(town, options => options with { SnapshotBytesPerSecond = 1000, SnapshotChunkBytes = 1000 });
            host.Snapshot = _ => new Source(Content(300_000));

            Assert.Equal(SnapshotFetchOutcome.Complete, (await FetchAsync(fetcher, new Sink())).Outcome);
            Assert.True(town.World.Time.Elapsed > TimeSpan.FromMinutes(4));
        },
        seeds: 2);

    [Fact] // a chunk of 256 KiB takes a minute there
    public void A_line_that_is_slower_than_a_chunk_in_anybodys_patience_gets_it_all_the_same() => Town.Play(
        async town =>
        {
            (_, TestHost host) = await town.StartAsync(2);
            host.Snapshot = _ => new Source(Content(256 << 10));
            IConnection slow = await town.Network.At("raw").ConnectAsync(Town.AddressOf(2), CancellationToken.None);
            byte[] fetch = new byte[SnapshotCodec.FetchBytes];
            SnapshotCodec.WriteFetch(fetch, new GroupId(1), Last, 0);
            await slow.Output.WriteAsync(RawPeer.Greeting(RawPeer.PeerHello with { Kind = ConnectionKind.Snapshot }), CancellationToken.None);
            await slow.Output.WriteAsync(RawPeer.Frame(FrameType.Fetch, 0, fetch), CancellationToken.None);

            long received = 0;
            while (received < 256 << 10)
            {
                System.IO.Pipelines.ReadResult read = await slow.Input.ReadAsync(CancellationToken.None);
                Assert.False(read.IsCompleted && read.Buffer.IsEmpty);
                long part = Math.Min(4096, read.Buffer.Length);
                slow.Input.AdvanceTo(read.Buffer.GetPosition(part));
                received += part;
                await town.World.DelayAsync(TimeSpan.FromSeconds(1));
            }

            Assert.Empty(host.Events);
            await slow.DisposeAsync();
        },
        seeds: 2);

    [Fact]
    public void A_transfer_that_does_not_move_is_given_up_on_both_sides() => Town.Play(async town =>
    {
        (SnapshotFetcher fetcher, TestHost host) = await StartAsync(town, options => options with { SnapshotBytesPerSecond = 1_000_000, SnapshotChunkBytes = 10_000 });
        host.Snapshot = _ => new Source(Content(5_000_000));
        Task<SnapshotFetch> fetching = FetchAsync(fetcher, new Sink()).AsTask();
        await town.World.DelayAsync(TimeSpan.FromSeconds(1));
        TimeSpan began = town.World.Time.Elapsed;

        town.Network.Cut("h1", "h2");
        SnapshotFetch fetch = await fetching;

        Assert.Equal(SnapshotFetchOutcome.Stalled, fetch.Outcome);
        Assert.InRange(town.World.Time.Elapsed - began, TimeSpan.FromSeconds(19), TimeSpan.FromSeconds(26));
        await town.World.DelayAsync(TimeSpan.FromSeconds(26));
        Assert.Equal(0, town.Network.OpenConnections);
    });

    [Fact]
    public void Cancelling_closes_the_connection_and_the_source() => Town.Play(async town =>
    {
        (SnapshotFetcher fetcher, TestHost host) = await StartAsync(town, options => options with { SnapshotBytesPerSecond = 1_000_000, SnapshotChunkBytes = 10_000 });
        var source = new Source(Content(5_000_000));
        host.Snapshot = _ => source;
        var sink = new Sink();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(1), town.World.Time);

        await Assert.ThrowsAsync<OperationCanceledException>(
            () => fetcher.FetchAsync(Town.AddressOf(2), new NodeId(2), new GroupId(1), Last, sink, cancellation.Token).AsTask());

        Assert.InRange(sink.Bytes.Count, 500_000, 1_100_000);
        await town.World.UntilAsync(() => source.IsDisposed, "the source is given back");
    });

    [Fact]
    public void Refusals_are_told_apart() => Town.Play(async town =>
    {
        (SnapshotFetcher fetcher, TestHost host) = await StartAsync(town, options => options with { SnapshotsMax = 1 });

        Assert.Equal(SnapshotRefusal.NotHere, (await FetchAsync(fetcher, new Sink())).Refusal);

        host.Snapshot = _ => new Source(Content(100));
        Assert.Equal(SnapshotRefusal.BehindEnd, (await FetchAsync(fetcher, new Sink(Content(101)))).Refusal);

        host.Snapshot = _ => new Source(Content(100_000)) { FailsAt = 50_000 };
        Assert.Equal(SnapshotRefusal.Unreadable, (await FetchAsync(fetcher, new Sink())).Refusal);

        SnapshotFetch stranger = await fetcher.FetchAsync(Town.AddressOf(2), new NodeId(3), new GroupId(1), Last, new Sink(), CancellationToken.None);
        Assert.Equal(SnapshotFetchOutcome.Unreachable, stranger.Outcome);
        Assert.Contains("OtherNode", stranger.Text, StringComparison.Ordinal);
    });

    [Fact]
    public void One_too_many_is_told_to_come_back() => Town.Play(async town =>
    {
        (SnapshotFetcher fetcher, TestHost host) = await StartAsync(town, options => options with { SnapshotsMax = 1, SnapshotBytesPerSecond = 1_000_000, SnapshotChunkBytes = 10_000 });
        host.Snapshot = _ => new Source(Content(1_000_000));
        Task<SnapshotFetch> first = FetchAsync(fetcher, new Sink()).AsTask();
        await town.World.DelayAsync(TimeSpan.FromMilliseconds(100));

        Assert.Equal(SnapshotRefusal.Busy, (await FetchAsync(fetcher, new Sink())).Refusal);
        Assert.Equal(SnapshotFetchOutcome.Complete, (await first).Outcome);
        Assert.Equal(SnapshotFetchOutcome.Complete, (await FetchAsync(fetcher, new Sink())).Outcome);
    });

    [Fact]
    public void A_sink_that_has_another_file_ends_it_before_a_byte() => Town.Play(async town =>
    {
        (SnapshotFetcher fetcher, TestHost host) = await StartAsync(town);
        host.Snapshot = _ => new Source(Content(100_000));
        var sink = new Sink { IsUnwilling = true };

        Assert.Equal(SnapshotFetchOutcome.SinkRefused, (await FetchAsync(fetcher, sink)).Outcome);
        Assert.Empty(sink.Bytes);
    });

    [Fact] // museum L05
    public void After_a_refusal_the_next_fetch_on_the_same_connection_works() => Town.Play(async town =>
    {
        (_, TestHost host) = await town.StartAsync(2);
        await using RawPeer raw = await RawPeer.GreetAsync(town, 2, RawPeer.PeerHello with { Kind = ConnectionKind.Snapshot });
        byte[] fetch = new byte[SnapshotCodec.FetchBytes];
        SnapshotCodec.WriteFetch(fetch, new GroupId(1), Last, 0);

        await raw.SendAsync(RawPeer.Frame(FrameType.Fetch, 0, fetch));
        Assert.True(await raw.Reader.MoveNextAsync());
        Assert.Equal(FrameType.FetchRefused, raw.Reader.Header.Type);

        host.Snapshot = _ => new Source(Content(10));
        await raw.SendAsync(RawPeer.Frame(FrameType.Fetch, 0, fetch));
        foreach (FrameType expected in (FrameType[])[FrameType.SnapshotHeader, FrameType.Chunk, FrameType.SnapshotEnd])
        {
            Assert.True(await raw.Reader.MoveNextAsync());
            Assert.Equal(expected, raw.Reader.Header.Type);
        }
    });

    private static byte[] Content(int length) => RandomMessages.Bytes(new SeededRandom((ulong)length), length);

    private static async Task<(SnapshotFetcher Fetcher, TestHost Host)> StartAsync(Town town, Func<EndpointOptions, EndpointOptions>? change = null)
    {
        (_, TestHost host) = await town.StartAsync(2, change);
        var options = new EndpointOptions { Node = new NodeId(1), Incarnation = new Incarnation(1) };
        return (new SnapshotFetcher(options, town.Network.At("h1"), town.World.Time, new TestHost()), host);
    }

    private static ValueTask<SnapshotFetch> FetchAsync(SnapshotFetcher fetcher, Sink sink) =>
        fetcher.FetchAsync(Town.AddressOf(2), new NodeId(2), new GroupId(1), Last, sink, CancellationToken.None);

    private sealed class Source(byte[] bytes) : ISnapshotSource
    {
        public long TotalBytes => bytes.Length;

        public uint Checksum => 99;

        internal long FailsAt { get; init; } = long.MaxValue;

        internal bool IsDisposed { get; private set; }

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            int count = (int)Math.Min(buffer.Length, bytes.Length - offset);
            if (offset + count > FailsAt)
            {
                throw new IOException("rot");
            }

            bytes.AsSpan((int)offset, count).CopyTo(buffer.Span);
            return ValueTask.FromResult(count);
        }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class Sink(params byte[] begun) : ISnapshotSink
    {
        internal List<byte> Bytes { get; } = [.. begun];

        internal long Total { get; private set; }

        internal uint Checksum { get; private set; }

        internal bool IsUnwilling { get; init; }

        public long ResumeOffset => Bytes.Count;

        public bool Begin(long totalBytes, uint checksum)
        {
            (Total, Checksum) = (totalBytes, checksum);
            return !IsUnwilling;
        }

        public bool Write(long offset, ReadOnlySpan<byte> bytes)
        {
            Assert.Equal(Bytes.Count, offset);
            Bytes.AddRange(bytes);
            return true;
        }
    }
}
