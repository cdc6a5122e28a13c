namespace Graft.Storage.Tests.Snapshots;

/// <summary>A disk that does what the inner one does, unless <see cref="Rule"/> says how the operation fails. It counts them all.</summary>
internal sealed class FailingDisk(IDisk inner) : IDisk
{
    /// <summary>Operation and path; the error, or null to let it happen.</summary>
    public Func<string, string, DiskError?> Rule { get; set; } = (_, _) => null;

    public List<string> Done { get; } = [];

    /// <summary>Swallow what is written, so that a test may stream more than fits in memory.</summary>
    public bool ForgetsContent { get; set; }

    public void CreateDirectory(string directory)
    {
        Before("create directory", directory);
        inner.CreateDirectory(directory);
    }

    public IReadOnlyList<string> ListFiles(string directory) => inner.ListFiles(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => inner.ListDirectories(directory);

    public bool FileExists(string file) => inner.FileExists(file);

    public IDiskFile Open(string file, DiskAccess access)
    {
        Before(access == DiskAccess.Create ? "create" : "open", file);
        return new FailingFile(this, file, inner.Open(file, access));
    }

    public void Rename(string file, string newPath)
    {
        Before("rename", file);
        inner.Rename(file, newPath);
    }

    public void Delete(string file)
    {
        Before("delete", file);
        inner.Delete(file);
    }

    public void FlushDirectory(string directory)
    {
        Before("flush directory", directory);
        inner.FlushDirectory(directory);
    }

    public IDisposable Lock(string file, string holder) => inner.Lock(file, holder);

    private void Before(string operation, string path)
    {
        if (Rule(operation, path) is { } error)
        {
            throw new DiskException(error, operation, path, "the test said so");
        }

        if (!ForgetsContent)
        {
            Done.Add($"{operation} {path}");
        }
    }

    private sealed class FailingFile(FailingDisk disk, string path, IDiskFile file) : IDiskFile
    {
        public long Length => file.Length;

        // Short reads, always: whoever takes one for the end of the file is found.
        public int Read(Span<byte> buffer, long offset)
        {
            disk.Before("read", path);
            return file.Read(buffer[..Math.Min(buffer.Length, 13)], offset);
        }

        public void Write(ReadOnlySpan<byte> data, long offset)
        {
            disk.Before("write", path);
            if (!disk.ForgetsContent)
            {
                file.Write(data, offset);
            }
        }

        public void Write(ReadOnlySpan<ReadOnlyMemory<byte>> pieces, long offset)
        {
            disk.Before("write", path);
            file.Write(pieces, offset);
        }

        public void Flush()
        {
            disk.Before("flush", path);
            file.Flush();
        }

        public void SetLength(long length)
        {
            disk.Before("set length", path);
            file.SetLength(length);
        }

        public void Dispose() => file.Dispose();
    }
}
