using Graft.Consensus;

namespace Graft.Storage;

/// <summary>How a write-ahead log is opened. What is out of its range is an <see cref="ArgumentException"/> there, before anything is touched.</summary>
public sealed record LogOptions
{
    /// <summary>The cluster that the directory is to belong to.</summary>
    public required ClusterId Cluster { get; init; }

    /// <summary>The node that the directory is to belong to.</summary>
    public required NodeId Node { get; init; }

    /// <summary>
    /// 64 random bits, kept if this start founds the directory and not looked at otherwise. Whoever can guess them can write payloads
    /// that look like records of the log, and damage beside such a payload would bring them to life. Zero is no protection.
    /// </summary>
    public required ulong Salt { get; init; }

    /// <summary>One line for whoever finds the directory locked: the process and its machine.</summary>
    public string Holder { get; init; } = "another log of this process";

    /// <summary>Whether to ask the disk first if a flush of it can be believed (<see cref="DiskSelfTest"/>). Nothing happens if it isn't a <see cref="FileDisk"/>.</summary>
    public bool TestsDisk { get; init; }

    /// <summary>Size of a segment in bytes: 64 KiB to 1 GiB, a multiple of 4 KiB; 64 MiB by default.</summary>
    public long SegmentBytes { get; init; } = 64L << 20;

    /// <summary>How much of the log's end is kept in memory for readers, in bytes: 64 KiB to 1 GiB; 16 MiB by default.</summary>
    public int CacheBytes { get; init; } = 16 << 20;

    /// <summary>The largest payload that an entry may have, in bytes: an eighth of the cache, or a quarter of a segment if that is less.</summary>
    public int MaxPayloadBytes => (int)Math.Min(CacheBytes / 8, SegmentBytes / 4);

    internal int BlockBytes => CacheBytes / 4;

    internal void ThrowIfInvalid()
    {
        if (SegmentBytes is < 64 << 10 or > 1 << 30 || SegmentBytes % SegmentHeader.Size != 0)
        {
            throw new ArgumentException($"A segment has 64 KiB to 1 GiB, in steps of 4 KiB; {SegmentBytes} bytes were asked for.", paramName: null);
        }

        if (CacheBytes is < 64 << 10 or > 1 << 30)
        {
            throw new ArgumentException($"The cache has 64 KiB to 1 GiB; {CacheBytes} bytes were asked for.", paramName: null);
        }
    }
}
