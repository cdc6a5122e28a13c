namespace Graft.Storage;

/// <summary>An open file of a <see cref="MemoryDisk"/>.</summary>
internal sealed class MemoryFile(string path, MemoryContent content, bool isWritable) : IDiskFile
{
    private bool _isDisposed;

    public long Length
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return content.Length;
        }
    }

    public int Read(Span<byte> buffer, long offset)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return content.Read(buffer, offset);
    }

    public void Write(ReadOnlySpan<byte> data, long offset)
    {
        RequireWritable("write");
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        content.Write(data, offset);
    }

    public void Write(ReadOnlySpan<ReadOnlyMemory<byte>> pieces, long offset)
    {
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            Write(piece.Span, offset);
            offset += piece.Length;
        }
    }

    public void Flush() => RequireWritable("flush");

    public void SetLength(long length)
    {
        RequireWritable("set the length of");
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        content.SetLength(length);
    }

    public void Dispose() => _isDisposed = true;

    private void RequireWritable(string operation)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!isWritable)
        {
            throw new DiskException(DiskError.Denied, operation, path, "it was opened to be read");
        }
    }
}
