namespace Graft.Storage.Tests.Disks;

public sealed class MemoryDiskContractTests : DiskContract
{
    protected override IDisk Disk { get; } = new MemoryDisk();
}
