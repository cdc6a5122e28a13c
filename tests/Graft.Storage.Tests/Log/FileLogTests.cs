using Graft.Storage.Tests.Disks;

namespace Graft.Storage.Tests.Log;

public sealed class FileLogTests : LogContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public FileLogTests() => Disk = new FileDisk(_directory.Path);

    protected override IDisk Disk { get; }

    public void Dispose() => _directory.Dispose();
}
