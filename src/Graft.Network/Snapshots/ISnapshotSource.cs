namespace Graft.Network;

/// <summary>A snapshot that another node fetches: its bytes, opaque here.</summary>
public interface ISnapshotSource : IDisposable
{
    /// <summary>How many bytes it has in all.</summary>
    long TotalBytes { get; }

    /// <summary>The checksum of the whole, opaque here: a receiver that resumes sees by it that the file is the one it began.</summary>
    uint Checksum { get; }

    /// <summary>Reads from an offset into a buffer. One call at a time.</summary>
    /// <param name="offset">Where to begin, at most <see cref="TotalBytes"/>.</param>
    /// <param name="buffer">Where to.</param>
    /// <param name="cancellation">The endpoint stops.</param>
    /// <returns>How many bytes; fewer than fit at the end only.</returns>
    /// <exception cref="IOException">It can't be read; the transfer ends.</exception>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation);
}
