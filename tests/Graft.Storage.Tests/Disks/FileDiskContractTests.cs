namespace Graft.Storage.Tests.Disks;

public sealed class FileDiskContractTests : DiskContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public FileDiskContractTests() => Disk = new FileDisk(_directory.Path);

    protected override IDisk Disk { get; }

    public void Dispose() => _directory.Dispose();
}
