using Graft.Consensus;

namespace Graft.Storage;

/// <summary>A log as recovery reads it, from files that are opened to be read only.</summary>
internal sealed class LogReading : IDisposable
{
    private readonly ulong _salt;
    private readonly EntryIndexPool _pool = new();
    private readonly SortedDictionary<GroupId, GroupLog> _groups = [];

    internal LogReading(IDisk disk, string directory, DirectoryListing identity)
    {
        var options = new LogOptions { Cluster = identity.Cluster ?? default, Node = identity.Node ?? default, Salt = 0 };
        if (identity.Cluster is null && FirstHeader(disk, directory) is { } header)
        {
            options = options with { Cluster = header.Cluster, Node = header.Node };
        }

        _salt = DirectorySalt.Of(disk, directory, identity, out string? note);
        Recovery = new LogRecovery(disk, directory, options, _salt, GroupOf, group => _groups.Remove(group), DiskAccess.Read);
        try
        {
            Recovery.Run(identity.NewestSegment);
            if (note is not null)
            {
                Recovery.Notes.Insert(0, note);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal LogRecovery Recovery { get; }

    /// <exception cref="LogDamagedException">It isn't there, or isn't what was written.</exception>
    internal StoredEntry Entry(GroupId group, LogIndex index)
    {
        if (!_groups.TryGetValue(group, out GroupLog? log))
        {
            throw new LogDamagedException($"The log has nothing of {group}.");
        }

        if (index <= log.Start.At.Index || index > log.Last.Index || !log.Index.TryFind(index.Value, out ulong number, out long offset))
        {
            throw new LogDamagedException(
                $"Entry {index} of {group} isn't in the log, which holds those behind {log.Start.At} up to {log.Last}{(log.Lost is null ? "" : "; it lost entries above")}.");
        }

        (_, string path, IDiskFile file) = Recovery.Needed.Find(segment => segment.Number == number);
        byte[] bytes = new byte[RecordHeader.Size];
        if (file.TryReadFully(bytes, offset) && RecordHeader.IsValid(bytes, (uint)(number & uint.MaxValue), _salt))
        {
            RecordHeader header = RecordHeader.Read(bytes);
            byte[] body = new byte[header.Extent <= file.Length - offset ? header.Length : 0];
            var entry = new StoredEntry(
                EntryId.Of(header.Term, header.Index), (EntryKind)header.Kind, body, header.BodyChecksum, (header.Flags & RecordFlags.HeadersOnly) != 0);
            if (file.TryReadFully(body, offset + RecordHeader.Size) && entry.Id.Index == index && header.Group == group.Value && entry.IsIntact)
            {
                return entry;
            }
        }

        throw new LogDamagedException($"Entry {index} of {group} in {path} at byte {offset} isn't what recovery read there a moment ago.");
    }

    public void Dispose()
    {
        foreach ((_, _, IDiskFile file) in Recovery.Needed)
        {
            file.Dispose();
        }
    }

    private static SegmentHeader? FirstHeader(IDisk disk, string directory)
    {
        byte[] block = new byte[64];
        foreach (string name in disk.ListFiles(directory))
        {
            if (Segment.TryParse(name, out _))
            {
                using IDiskFile file = disk.Open($"{directory}/{name}", DiskAccess.Read);
                if (file.TryReadFully(block, 0) && SegmentHeader.TryRead(block, out SegmentHeader header))
                {
                    return header;
                }
            }
        }

        return null;
    }

    private GroupLog GroupOf(GroupId id)
    {
        if (!_groups.TryGetValue(id, out GroupLog? log))
        {
            log = new GroupLog(id, _pool);
            _groups.Add(id, log);
        }

        return log;
    }
}
