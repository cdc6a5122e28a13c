namespace Graft.Storage.Tests.Writer;

/// <summary>A disk whose flushes of segments wait behind a gate.</summary>
internal sealed class GatedDisk(IDisk disk) : IDisk, IDisposable
{
    private readonly ManualResetEventSlim _gate = new(initialState: true);
    private readonly SemaphoreSlim _arrived = new(0);
    private volatile bool _failsNext;

    public void Dispose()
    {
        _gate.Dispose();
        _arrived.Dispose();
    }

    public void CreateDirectory(string directory) => disk.CreateDirectory(directory);

    public IReadOnlyList<string> ListFiles(string directory) => disk.ListFiles(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => disk.ListDirectories(directory);

    public bool FileExists(string file) => disk.FileExists(file);

    public IDiskFile Open(string file, DiskAccess access) => new GatedFile(this, disk.Open(file, access));

    public void Rename(string file, string newPath) => disk.Rename(file, newPath);

    public void Delete(string file) => disk.Delete(file);

    public void FlushDirectory(string directory) => disk.FlushDirectory(directory);

    public IDisposable Lock(string file, string holder) => disk.Lock(file, holder);

    internal void Close() => _gate.Reset();

    internal void Open() => _gate.Set();

    internal void FailNextFlush() => _failsNext = true;

    internal void AwaitFlush(TimeSpan patience) => Assert.True(_arrived.Wait(patience, TestContext.Current.CancellationToken));

    private void Pass()
    {
        if (!_gate.IsSet)
        {
            _arrived.Release();
            _gate.Wait(CancellationToken.None);
        }

        if (_failsNext)
        {
            _failsNext = false;
            throw new DiskException(DiskError.Failed, "flush", "log", "the test says so");
        }
    }

    private sealed class GatedFile(GatedDisk owner, IDiskFile file) : IDiskFile
    {
        public long Length => file.Length;

        public void Dispose() => file.Dispose();

        public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> data, long offset) => file.Write(data, offset);

        public void Write(ReadOnlySpan<ReadOnlyMemory<byte>> pieces, long offset) => file.Write(pieces, offset);

        public void Flush()
        {
            owner.Pass();
            file.Flush();
        }

        public void SetLength(long length) => file.SetLength(length);
    }
}
