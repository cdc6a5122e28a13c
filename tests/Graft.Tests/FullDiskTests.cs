using Graft.Consensus;
using Graft.Simulation.Disks;

namespace Graft.Tests;

public sealed class FullDiskTests
{
    private static readonly string Large = new('x', 20_000);

    [Fact]
    public void A_follower_whose_disk_is_full_heals_by_compacting_its_log() => PlayOnFullDisk(async (cluster, follower, disk) =>
    {
        // Room for the snapshot and none for a segment.
        disk.QuotaBytes = disk.UsedBytes + (200 << 10);
        await follower.Actor.TakeSnapshotAsync();

        await cluster.UntilAsync(() => !follower.Actor.IsDiskFull);
        await cluster.Leader.WriteAsync("behind it");
        await cluster.UntilAsync(() => Counter(follower) == Counter(cluster.Leader));
        Assert.NotNull(disk.QuotaBytes);
    });

    [Fact]
    public void A_follower_whose_disk_was_full_goes_on_where_it_was_once_there_is_space() => PlayOnFullDisk(async (cluster, follower, disk) =>
    {
        disk.QuotaBytes = null;

        await cluster.UntilAsync(() => !follower.Actor.IsDiskFull);
        await cluster.Leader.WriteAsync("behind it");
        await cluster.UntilAsync(() => Counter(follower) == Counter(cluster.Leader));
        await follower.StopAsync();
        follower.Start(isFounder: false);
        await cluster.UntilAsync(() => Counter(follower) == Counter(cluster.Leader));
    });

    private static void PlayOnFullDisk(Func<TestCluster, TestNode, SimulatedDisk, Task> story) => TestCluster.Play(
        3,
        async cluster =>
        {
            var disk = new SimulatedDisk(new SeededRandom(1));
            TestNode follower = cluster.Nodes[1];
            follower.Disk = disk;
            foreach (TestNode node in cluster.Nodes)
            {
                node.Machines = () => new CountingMachine();
            }

            await cluster.StartAllAsync();
            await cluster.DelayAsync(1000);
            disk.QuotaBytes = disk.UsedBytes;
            while (!follower.Actor.IsDiskFull)
            {
                await cluster.Leader.WriteAsync(Large);
            }

            // More comes in, and waits behind what was refused.
            for (int i = 0; i < 10; i++)
            {
                await cluster.Leader.WriteAsync(Large);
            }

            Assert.True(follower.Actor.IsDiskFull);
            await story(cluster, follower, disk);
        },
        settings: new GroupSettings { TrailingEntries = 0 });

    private static int Counter(TestNode node) => ((CountingMachine)node.MachineMade!).Count;

    /// <summary>A state of a few bytes, however long the log is.</summary>
    private sealed class CountingMachine : IStateMachine
    {
        internal int Count { get; private set; }

        public ValueTask ApplyAsync(CommandBatch batch)
        {
            for (int i = 0; i < batch.Count; i++)
            {
                Count++;
                batch.Answer(i, default);
            }

            return default;
        }

        public ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation) =>
            ValueTask.FromResult<ReadOnlyMemory<byte>>(BitConverter.GetBytes(Count));

        public ValueTask<IStateImage> CaptureAsync() => ValueTask.FromResult<IStateImage>(new Image(Count));

        public async ValueTask RestoreAsync(Stream image)
        {
            byte[] bytes = new byte[sizeof(int)];
            await image.ReadExactlyAsync(bytes, CancellationToken.None);
            Count = BitConverter.ToInt32(bytes);
        }

        private sealed class Image(int count) : IStateImage
        {
            public ValueTask WriteAsync(Stream image, CancellationToken cancellation)
            {
                image.Write(BitConverter.GetBytes(count));
                return default;
            }

            public void Dispose()
            {
            }
        }
    }
}
