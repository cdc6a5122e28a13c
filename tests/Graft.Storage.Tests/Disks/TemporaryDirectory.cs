namespace Graft.Storage.Tests.Disks;

/// <summary>A directory of one test's own, removed with it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("graft-disk-").FullName;

    internal string this[string name] => System.IO.Path.Join(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
