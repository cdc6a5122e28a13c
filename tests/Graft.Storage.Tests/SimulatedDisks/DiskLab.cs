using Graft.Consensus;
using Graft.Simulation.Disks;

namespace Graft.Storage.Tests.SimulatedDisks;

/// <summary>Disks in the states that the tests start from.</summary>
internal static class DiskLab
{
    internal static SimulatedDisk Disk(ulong seed = 1, SimulatedDiskOptions? options = null) =>
        new(new SeededRandom(seed), options);

    /// <summary>A disk with one file of which all is durable.</summary>
    internal static SimulatedDisk Holding(string path, byte[] content, ulong seed = 1, SimulatedDiskOptions? options = null)
    {
        SimulatedDisk disk = Disk(seed, options);
        disk.Keep(path, content);
        return disk;
    }

    /// <summary>A file is created, written, and made durable with its name.</summary>
    internal static void Keep(this SimulatedDisk disk, string path, byte[] content)
    {
        using IDiskFile file = disk.Open(path, DiskAccess.Create);
        file.Write(content, 0);
        file.Flush();
        disk.FlushDirectory(path.Contains('/') ? path[..path.LastIndexOf('/')] : "");
    }

    internal static void Overwrite(this SimulatedDisk disk, string path, byte[] content, long offset = 0)
    {
        using IDiskFile file = disk.Open(path, DiskAccess.ReadWrite);
        file.Write(content, offset);
    }

    internal static byte[] Bytes(int count, byte value) => [.. Enumerable.Repeat(value, count)];

    internal static byte[] ReadAll(this IDisk disk, string path)
    {
        using IDiskFile file = disk.Open(path, DiskAccess.Read);
        byte[] content = new byte[file.Length];
        int filled = 0;
        while (filled < content.Length)
        {
            int count = file.Read(content.AsSpan(filled), filled);
            Assert.True(count > 0);
            filled += count;
        }

        return content;
    }

    internal static DiskError ErrorOf(Action call) => Assert.Throws<DiskException>(call).Error;
}
