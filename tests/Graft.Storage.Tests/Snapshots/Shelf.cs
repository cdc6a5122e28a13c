using Graft.Consensus;

namespace Graft.Storage.Tests.Snapshots;

/// <summary>A store on a disk in memory, with what a test needs to put snapshots on it and to spoil them.</summary>
internal sealed class Shelf
{
    public const int ChunkBytes = 16;

    public static readonly ClusterId Cluster = new(0xC1);
    public static readonly GroupId Group = new(7);

    public Shelf(int chunkBytes = ChunkBytes)
    {
        Disk = new FailingDisk(Memory);
        Store = SnapshotStore.Open(Disk, Cluster, Warnings, chunkBytes);
    }

    public MemoryDisk Memory { get; } = new();

    public FailingDisk Disk { get; }

    public List<SnapshotWarning> Warnings { get; } = [];

    public SnapshotStore Store { get; private set; }

    public static string Directory => "snapshots/0000000000000007";

    public string[] Names => [.. Memory.ListFiles(Directory)];

    public static Snapshot At(ulong index, ulong term = 2) =>
        new(EntryId.Of(term, index), Membership.Of(1, 2, 3), new LogIndex(1));

    public static byte[] Content(int length, int seed = 1)
    {
        var random = new SeededRandom((ulong)seed);
        byte[] content = new byte[length];
        for (int i = 0; i < length; i++)
        {
            content[i] = (byte)random.NextBelow(256);
        }

        return content;
    }

    public static string PathOf(ulong index, ulong term = 2) => $"{Directory}/{index:x16}-{term:x16}.snap";

    public Snapshot Put(ulong index, byte[] content, ulong term = 2)
    {
        using SnapshotWriter writer = Store.Create(Group, At(index, term));
        writer.Write(content);
        return writer.Complete();
    }

    public byte[] Get(EntryId last)
    {
        using SnapshotReader reader = Store.Open(Group, last);
        byte[] content = new byte[reader.ContentBytes];
        Assert.Equal(content.Length, reader.Read(content));
        Assert.Equal(0, reader.Read(new byte[1]));
        return content;
    }

    public byte[] Bytes(string path)
    {
        using IDiskFile file = Memory.Open(path, DiskAccess.Read);
        byte[] bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(bytes, 0));
        return bytes;
    }

    public void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        Memory.CreateDirectory(Directory);
        using IDiskFile file = Memory.Open(path, Memory.FileExists(path) ? DiskAccess.ReadWrite : DiskAccess.Create);
        file.SetLength(0);
        file.Write(bytes, 0);
    }

    public void Flip(string path, int position)
    {
        byte[] bytes = Bytes(path);
        bytes[position] ^= 0x40;
        Replace(path, bytes);
    }

    /// <summary>The process dies and another opens the same disk.</summary>
    public void Restart(int chunkBytes = ChunkBytes, ulong? cluster = null) =>
        Store = SnapshotStore.Open(Disk, new ClusterId(cluster ?? Cluster.Value), Warnings, chunkBytes);
}
