namespace Graft.Storage.Tests.Log;

public sealed class MemoryLogTests : LogContract
{
    protected override IDisk Disk { get; } = new MemoryDisk();
}
