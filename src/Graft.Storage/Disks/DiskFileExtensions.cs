namespace Graft.Storage;

/// <summary>What is built from the calls of <see cref="IDiskFile"/>.</summary>
internal static class DiskFileExtensions
{
    /// <summary>Reads until the buffer is full. A short read is no end of file (bug museum H14).</summary>
    /// <returns>False if the file ends before.</returns>
    internal static bool TryReadFully(this IDiskFile file, Span<byte> buffer, long offset)
    {
        while (buffer.Length > 0)
        {
            int read = file.Read(buffer, offset);
            if (read == 0 || (read < buffer.Length && Planted.ShortReadIsEnd))
            {
                return false;
            }

            buffer = buffer[read..];
            offset += read;
        }

        return true;
    }
}
