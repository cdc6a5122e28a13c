namespace Graft.Storage;

/// <summary>An open file of an <see cref="IDisk"/>.</summary>
/// <remarks>
/// Reads may come from several threads and beside one writer; writes, <see cref="SetLength"/> and flushes come from one
/// thread at a time. Bytes never written within the length are zero.
/// </remarks>
public interface IDiskFile : IDisposable
{
    /// <summary>Its length now, in bytes.</summary>
    /// <exception cref="DiskException">It can't be found out.</exception>
    long Length { get; }

    /// <summary>Reads at most as many bytes as fit; fewer for any reason, zero only at or behind the end.</summary>
    /// <exception cref="DiskException">It can't be read there: a bad sector, say. The buffer may hold some of it.</exception>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all of it, or throws; then any part may have been written. Durable after <see cref="Flush"/>.</summary>
    /// <exception cref="DiskException">Any part may have been written; or none, because an earlier flush of this file failed.</exception>
    void Write(ReadOnlySpan<byte> data, long offset);

    /// <summary>Writes the pieces one behind the other, by one system call where the system has one.</summary>
    /// <exception cref="DiskException">Any part may have been written; or none, because an earlier flush of this file failed.</exception>
    void Write(ReadOnlySpan<ReadOnlyMemory<byte>> pieces, long offset);

    /// <summary>Makes everything written so far durable, and the length needed to read it back.</summary>
    /// <exception cref="DiskException">
    /// It is unknown what is durable, and <em>unknowable</em>: the system may have dropped the data and forgotten the
    /// error, so that a second flush succeeds on nothing (Rebello et al., ATC'20). Never call it again; give the file up.
    /// </exception>
    void Flush();

    /// <summary>Cuts the file or lengthens it by zeros. Durable after <see cref="Flush"/>.</summary>
    /// <exception cref="DiskException">It may have either length.</exception>
    void SetLength(long length);
}
