namespace Graft.Storage;

/// <summary>One node's directory tree: all that storage asks of an operating system, and where a simulated disk goes in.</summary>
/// <remarks>
/// <para>Paths are relative to the node's data directory and separated by '/'; the empty path is that directory itself.</para>
/// <para>
/// Calls block until the operating system has answered. Nothing is durable because a call returned: file content is after
/// <see cref="IDiskFile.Flush"/>, the names in a directory (created, renamed, deleted) after <see cref="FlushDirectory"/>.
/// A crash keeps any part of what was not flushed: some of the bytes of a write, a later write without an earlier one, a
/// new name without the content, the old name or the new.
/// </para>
/// <para>All failures are <see cref="DiskException"/>. A failed flush must not be repeated: see <see cref="IDiskFile.Flush"/>.</para>
/// <para>Thread-safe; each file has its own rule.</para>
/// </remarks>
public interface IDisk
{
    /// <summary>Creates a directory, and those above it. One that exists is left as it is.</summary>
    void CreateDirectory(string directory);

    /// <summary>The names (not paths) of the files in a directory, in ordinal order; empty if there is no such directory.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>The names of the directories in a directory, in ordinal order; empty if there is no such directory.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    bool FileExists(string file);

    /// <summary>Opens a file.</summary>
    /// <exception cref="DiskException">
    /// <see cref="DiskError.NotFound"/>, or <see cref="DiskError.Exists"/> with <see cref="DiskAccess.Create"/>.
    /// </exception>
    IDiskFile Open(string file, DiskAccess access);

    /// <summary>Gives a file another path, in the place of the file that has it, if any. Atomic.</summary>
    void Rename(string file, string newPath);

    /// <summary>Removes a file's name.</summary>
    void Delete(string file);

    /// <summary>Makes the names in a directory durable.</summary>
    void FlushDirectory(string directory);

    /// <summary>
    /// Takes a lock that only one process can hold and that ends with the process, however it ends. The file is created,
    /// and <paramref name="holder"/> written into it for whoever comes second.
    /// </summary>
    /// <exception cref="DiskException"><see cref="DiskError.Locked"/>; the message has what the other holder wrote.</exception>
    IDisposable Lock(string file, string holder);
}
