namespace Graft.Storage;

/// <summary>The salt of a directory, for tools: from <c>identity</c>, or from the segments if that can't be read.</summary>
internal static class DirectorySalt
{
    /// <param name="disk">The data directory.</param>
    /// <param name="directory">Where the log lies in it.</param>
    /// <param name="identity">What it says of itself.</param>
    /// <param name="note">What to tell if it doesn't say enough; null if it does.</param>
    internal static ulong Of(IDisk disk, string directory, DirectoryListing identity, out string? note)
    {
        note = null;
        if (identity.Salt is { } known)
        {
            return known;
        }

        // No client has a say in what a segment begins with. What most of them agree on is the salt.
        var found = new SortedDictionary<ulong, int>();
        byte[] bytes = new byte[RecordHeader.Size];
        foreach (string name in disk.ListFiles(directory))
        {
            if (Segment.TryParse(name, out ulong number) && TryReadStart(disk, $"{directory}/{name}", bytes)
                && RecordHeader.Read(bytes) is { Kind: RecordKind.Segments } header && header.Segment == (uint)(number & uint.MaxValue))
            {
                ulong salt = RecordHeader.SaltOf(bytes);
                found[salt] = found.TryGetValue(salt, out int count) ? count + 1 : 1;
            }
        }

        if (found.Count == 0)
        {
            note = "The file 'identity' can't be read, which has the salt of all records, and no segment tells it: none can be verified. Restore the file.";
            return 0;
        }

        (ulong most, int times) = found.MaxBy(each => each.Value);
        note = $"The file 'identity' can't be read, which has the salt of all records. It was told from the first records of {times} segments; no start does that.";
        return most;
    }

    private static bool TryReadStart(IDisk disk, string path, byte[] bytes)
    {
        try
        {
            using IDiskFile file = disk.Open(path, DiskAccess.Read);
            return file.TryReadFully(bytes, SegmentHeader.Size);
        }
        catch (DiskException unreadable) when (unreadable.Error == DiskError.Failed)
        {
            return false;
        }
    }
}
