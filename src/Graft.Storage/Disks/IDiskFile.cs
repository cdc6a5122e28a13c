namespace Graft.Storage;

/// <summary>An open file of an <see cref="IDisk"/>.</summary>
/// <remarks>
/// Reads may come from several threads and beside one writer; writes, <see cref="SetLength"/> and flushes come from one
/// thread at a time. Bytes never written within the length are zero.
/// </remarks>
public interface IDiskFile : IDisposable
{
    long Length { get; }

    /// <summary>Reads at most as many bytes as fit; fewer for any reason, zero only at or behind the end.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all of it, or throws; then any part may have been written.</summary>
    void Write(ReadOnlySpan<byte> data, long offset);

    /// <summary>Writes the pieces one behind the other, by one system call where the system has one.</summary>
    void Write(ReadOnlySpan<ReadOnlyMemory<byte>> pieces, long offset);

    /// <summary>Makes everything written so far durable, and the length needed to read it back.</summary>
    /// <exception cref="DiskException">
    /// It is unknown what is durable, and <em>unknowable</em>: the system may have dropped the data and forgotten the
    /// error, so that a second flush succeeds on nothing (Rebello et al., ATC'20). Never call it again; give the file up.
    /// </exception>
    void Flush();

    /// <summary>Cuts the file or lengthens it by zeros.</summary>
    void SetLength(long length);
}
