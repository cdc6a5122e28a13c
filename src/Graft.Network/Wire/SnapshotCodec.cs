using Graft.Consensus;

namespace Graft.Network;

/// <summary>The frames of a snapshot connection (docs/internals/wire-format.md, 6).</summary>
internal static class SnapshotCodec
{
    /// <summary>Group (8), term (8), index (8), offset (8).</summary>
    internal const int FetchBytes = 32;

    /// <summary>Total bytes (8), checksum of the whole (4).</summary>
    internal const int HeaderBytes = 12;

    /// <summary>Offset (8); the rest of the body are the bytes.</summary>
    internal const int ChunkHeadBytes = 8;

    internal static void WriteFetch(Span<byte> destination, GroupId group, EntryId last, long offset)
    {
        var writer = new WireWriter(destination);
        writer.Write(group.Value);
        writer.Write(last.Term.Value);
        writer.Write(last.Index.Value);
        writer.Write((ulong)offset);
    }

    internal static bool TryReadFetch(ReadOnlySpan<byte> source, out GroupId group, out EntryId last, out long offset)
    {
        var reader = new WireReader(source);
        group = new GroupId(reader.ReadUInt64());
        last = EntryId.Of(reader.ReadUInt64(), reader.ReadUInt64());
        return TryTakeLength(reader.ReadUInt64(), out offset) && !reader.HasFailed && reader.Remaining == 0;
    }

    internal static void WriteHeader(Span<byte> destination, long totalBytes, uint checksum)
    {
        var writer = new WireWriter(destination);
        writer.Write((ulong)totalBytes);
        writer.Write(checksum);
    }

    internal static bool TryReadHeader(ReadOnlySpan<byte> source, out long totalBytes, out uint checksum)
    {
        var reader = new WireReader(source);
        bool isLength = TryTakeLength(reader.ReadUInt64(), out totalBytes);
        checksum = reader.ReadUInt32();
        return isLength && !reader.HasFailed && reader.Remaining == 0;
    }

    internal static bool TryReadOffset(ReadOnlySpan<byte> source, out long offset)
    {
        var reader = new WireReader(source);
        return TryTakeLength(reader.ReadUInt64(), out offset) && !reader.HasFailed;
    }

    internal static int WriteRefusal(Span<byte> destination, SnapshotRefusal refusal, string text)
    {
        var writer = new WireWriter(destination);
        writer.Write((ushort)refusal);
        HelloCodec.WriteText(ref writer, text);
        return writer.Position;
    }

    internal static bool TryReadRefusal(ReadOnlySpan<byte> source, out SnapshotRefusal refusal, out string text)
    {
        var reader = new WireReader(source);
        refusal = (SnapshotRefusal)reader.ReadUInt16();
        text = HelloCodec.ReadText(ref reader);
        return !reader.HasFailed;
    }

    private static bool TryTakeLength(ulong value, out long length)
    {
        length = value <= long.MaxValue ? (long)value : 0;
        return value <= long.MaxValue;
    }
}
