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
    /// <exception cref="DiskException">Some of those above may have been created.</exception>
    void CreateDirectory(string directory);

    /// <summary>The names (not paths) of the files in a directory, in ordinal order; empty if there is no such directory.</summary>
    /// <exception cref="DiskException">The directory can't be read. Nothing follows from that about what is in it.</exception>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>The names of the directories in a directory, in ordinal order; empty if there is no such directory.</summary>
    /// <exception cref="DiskException">The directory can't be read. Nothing follows from that about what is in it.</exception>
    IReadOnlyList<string> ListDirectories(string directory);

    /// <summary>Whether there is a file of this path; a directory is none.</summary>
    /// <exception cref="DiskException">It can't be found out. That is no "no": a node whose log seems not to be there would begin anew.</exception>
    bool FileExists(string file);

    /// <summary>Opens a file, or creates it, empty. Its name is durable after <see cref="FlushDirectory"/>.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="access">What it's opened for, and whether it's to exist.</param>
    /// <exception cref="DiskException">
    /// <see cref="DiskError.NotFound"/>, or <see cref="DiskError.Exists"/> with <see cref="DiskAccess.Create"/>; or another reason of the system's.
    /// </exception>
    IDiskFile Open(string file, DiskAccess access);

    /// <summary>Gives a file another path, in the place of the file that has it, if any. Atomic.</summary>
    /// <exception cref="DiskException"><see cref="DiskError.NotFound"/>, or another reason; the file has either path then.</exception>
    void Rename(string file, string newPath);

    /// <summary>Removes a file's name. Whoever has it open reads on. After a crash the name may be there again, until <see cref="FlushDirectory"/>.</summary>
    /// <exception cref="DiskException"><see cref="DiskError.NotFound"/>, or another reason; the name may be there or not.</exception>
    void Delete(string file);

    /// <summary>Makes the names in a directory durable.</summary>
    /// <exception cref="DiskException">It is unknown which of them are. As with <see cref="IDiskFile.Flush"/>, a second flush would prove nothing: never call it again.</exception>
    void FlushDirectory(string directory);

    /// <summary>
    /// Takes a lock that only one process can hold and that ends with the process, however it ends. The file is created,
    /// and <paramref name="holder"/> written into it for whoever comes second.
    /// </summary>
    /// <param name="file">The path of the lock. The file stays when the lock ends.</param>
    /// <param name="holder">One line for people.</param>
    /// <returns>The lock. It ends when this is disposed.</returns>
    /// <exception cref="DiskException"><see cref="DiskError.Locked"/>, and the message has what the other holder wrote; or it can't be taken for another reason.</exception>
    IDisposable Lock(string file, string holder);
}
