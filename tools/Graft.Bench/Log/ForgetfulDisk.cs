using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>Takes everything and keeps nothing: what is measured on it is the log alone.</summary>
internal sealed class ForgetfulDisk : IDisk, IDisposable
{
    private readonly SortedSet<string> _files = new(StringComparer.Ordinal);

    public void Dispose()
    {
    }

    public void CreateDirectory(string directory)
    {
    }

    public IReadOnlyList<string> ListFiles(string directory) => [];

    public IReadOnlyList<string> ListDirectories(string directory) => [];

    public bool FileExists(string file) => _files.Contains(file);

    public IDiskFile Open(string file, DiskAccess access)
    {
        _files.Add(file);
        return new ForgetfulFile();
    }

    public void Rename(string file, string newPath) => _files.Add(newPath);

    public void Delete(string file) => _files.Remove(file);

    public void FlushDirectory(string directory)
    {
    }

    public IDisposable Lock(string file, string holder) => this;

    private sealed class ForgetfulFile : IDiskFile
    {
        public long Length => 0;

        public void Dispose()
        {
        }

        public int Read(Span<byte> buffer, long offset) => 0;

        public void Write(ReadOnlySpan<byte> data, long offset)
        {
        }

        public void Write(ReadOnlySpan<ReadOnlyMemory<byte>> pieces, long offset)
        {
        }

        public void Flush()
        {
        }

        public void SetLength(long length)
        {
        }
    }
}
