using Graft.Consensus;
using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>What an appender writes: the next entry of a group, and now and then what makes its log shorter.</summary>
internal sealed class AppendedEntries(GroupId group, ReadOnlyMemory<byte> payload)
{
    private readonly LogWrite _write = new();
    private ulong _index;

    internal LogWrite Next()
    {
        _index++;
        _write.Begin(group);
        if (_index % 512 == 0)
        {
            _write.Start = new LogStart(EntryId.Of(1, _index - 256), LogIndex.Zero, ReadOnlyMemory<byte>.Empty);
        }

        _write.Add(StoredEntry.Born(EntryId.Of(1, _index), EntryKind.Command, payload));
        return _write;
    }
}
