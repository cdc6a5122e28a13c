namespace Graft.Sqlite;

/// <summary>What is said of a database that travels through the log in pieces.</summary>
/// <param name="Hash">The SHA-256 of its bytes, which names it too.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="LifetimeSeconds">How long it may take, by the clock of the log.</param>
internal readonly record struct Upload(ReadOnlyMemory<byte> Hash, long Size, long LifetimeSeconds)
{
    internal const int HashSize = 32;

    /// <summary>How much a piece holds at most: well below what a command may have.</summary>
    internal const int PieceBytes = 512 * 1024;

    private const long LifetimeSecondsMax = 7 * 24 * 3600;

    internal static byte[] EncodeBegin(in Upload upload)
    {
        using SqlByteWriter writer = Begin(SqlCommandKind.LoadBegin, upload.Hash.Span);
        writer.WriteNumber(upload.Size);
        writer.WriteNumber(upload.LifetimeSeconds);
        return writer.Written.ToArray();
    }

    internal static byte[] EncodePiece(ReadOnlySpan<byte> hash, long offset, ReadOnlySpan<byte> bytes)
    {
        using SqlByteWriter writer = Begin(SqlCommandKind.LoadPiece, hash);
        writer.WriteNumber(offset);
        writer.WriteBlob(bytes);
        return writer.Written.ToArray();
    }

    internal static byte[] EncodeEnd(ReadOnlySpan<byte> hash)
    {
        using SqlByteWriter writer = Begin(SqlCommandKind.LoadEnd, hash);
        return writer.Written.ToArray();
    }

    /// <exception cref="SqlFormatException">It's damaged.</exception>
    internal static Upload ReadBegin(ReadOnlyMemory<byte> body)
    {
        var reader = new SqlByteReader(body);
        var upload = new Upload(
            ReadHash(ref reader), reader.ReadNumber("the size of a database", 1, long.MaxValue), reader.ReadNumber("a lifetime in seconds", 1, LifetimeSecondsMax));
        reader.ExpectEnd();
        return upload;
    }

    /// <exception cref="SqlFormatException">It's damaged.</exception>
    internal static (ReadOnlyMemory<byte> Hash, long Offset, ReadOnlyMemory<byte> Bytes) ReadPiece(ReadOnlyMemory<byte> body)
    {
        var reader = new SqlByteReader(body);
        ReadOnlyMemory<byte> hash = ReadHash(ref reader);
        long offset = reader.ReadNumber("where a piece begins", 0, long.MaxValue - int.MaxValue);
        ReadOnlyMemory<byte> bytes = reader.ReadBlob("the length of a piece");
        reader.ExpectEnd();
        return (hash, offset, bytes);
    }

    /// <exception cref="SqlFormatException">It's damaged.</exception>
    internal static ReadOnlyMemory<byte> ReadEnd(ReadOnlyMemory<byte> body)
    {
        var reader = new SqlByteReader(body);
        ReadOnlyMemory<byte> hash = ReadHash(ref reader);
        reader.ExpectEnd();
        return hash;
    }

    private static SqlByteWriter Begin(SqlCommandKind kind, ReadOnlySpan<byte> hash)
    {
        var writer = new SqlByteWriter();
        writer.Write(SqlFormat.Version);
        writer.Write((byte)kind);
        writer.WriteBlob(hash);
        return writer;
    }

    private static ReadOnlyMemory<byte> ReadHash(ref SqlByteReader reader)
    {
        ReadOnlyMemory<byte> hash = reader.ReadBlob("the length of a hash");
        return hash.Length == HashSize ? hash : throw new SqlFormatException($"Expected a hash of {HashSize} bytes, found one of {hash.Length}.");
    }
}
