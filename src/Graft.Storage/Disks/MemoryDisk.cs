namespace Graft.Storage;

/// <summary>A disk in memory, for tests and for nodes that need not survive. Everything is durable at once, until the process ends.</summary>
/// <remarks>
/// It has the semantics of <see cref="IDisk"/> and none of its faults: an open file lives on under no name after it's deleted or
/// another takes its place, a directory has to exist before a file can be in it, and only reading may be done to what was
/// opened to read.
/// </remarks>
public sealed class MemoryDisk : IDisk
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, MemoryContent> _files = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _directories = new(StringComparer.Ordinal) { "" };
    private readonly SortedDictionary<string, string> _holders = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public void CreateDirectory(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        lock (_lock)
        {
            for (string path = directory; path.Length > 0; path = ParentOf(path))
            {
                if (_files.ContainsKey(path))
                {
                    throw new DiskException(DiskError.Exists, "create directory", path, "a file has this name");
                }
            }

            for (string path = directory; path.Length > 0; path = ParentOf(path))
            {
                _directories.Add(path);
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_lock)
        {
            return NamesIn(directory, _files.Keys);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListDirectories(string directory)
    {
        lock (_lock)
        {
            return NamesIn(directory, _directories);
        }
    }

    /// <inheritdoc/>
    public bool FileExists(string file)
    {
        lock (_lock)
        {
            return _files.ContainsKey(file);
        }
    }

    /// <inheritdoc/>
    public IDiskFile Open(string file, DiskAccess access)
    {
        lock (_lock)
        {
            bool exists = _files.TryGetValue(file, out MemoryContent? content);
            if (access == DiskAccess.Create)
            {
                if (exists || _directories.Contains(file))
                {
                    throw new DiskException(DiskError.Exists, "create", file, "the name is taken");
                }

                RequireDirectory(ParentOf(file), "create", file);
                content = new MemoryContent();
                _files.Add(file, content);
            }

            return content is null
                ? throw NotFound("open", file)
                : new MemoryFile(file, content, isWritable: access != DiskAccess.Read);
        }
    }

    /// <inheritdoc/>
    public void Rename(string file, string newPath)
    {
        ArgumentNullException.ThrowIfNull(newPath);
        lock (_lock)
        {
            if (!_files.TryGetValue(file, out MemoryContent? content))
            {
                throw NotFound("rename", file);
            }

            RequireDirectory(ParentOf(newPath), "rename", file);
            if (_directories.Contains(newPath))
            {
                throw new DiskException(DiskError.Exists, "rename", file, $"{newPath} is a directory");
            }

            _files.Remove(file);
            _files[newPath] = content;
        }
    }

    /// <inheritdoc/>
    public void Delete(string file)
    {
        lock (_lock)
        {
            if (!_files.Remove(file))
            {
                throw NotFound("delete", file);
            }
        }
    }

    /// <inheritdoc/>
    public void FlushDirectory(string directory)
    {
        lock (_lock)
        {
            RequireDirectory(directory, "flush", directory);
        }
    }

    /// <inheritdoc/>
    public IDisposable Lock(string file, string holder)
    {
        ArgumentNullException.ThrowIfNull(holder);
        lock (_lock)
        {
            if (_holders.TryGetValue(file, out string? other))
            {
                throw new DiskException(DiskError.Locked, "lock", file, $"it is held: {other}");
            }

            RequireDirectory(ParentOf(file), "lock", file);
            var content = new MemoryContent();
            content.Write(System.Text.Encoding.UTF8.GetBytes(holder), 0);
            _files[file] = content;
            _holders.Add(file, holder);
            return new MemoryLock(this, file);
        }
    }

    internal void Unlock(string file)
    {
        lock (_lock)
        {
            _holders.Remove(file);
        }
    }

    private static string ParentOf(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash < 0 ? "" : path[..slash];
    }

    private static List<string> NamesIn(string directory, IEnumerable<string> paths)
    {
        // The data directory itself has the empty path and is in no directory. Names in one directory are in the order of their paths.
        return
        [
            .. from path in paths
               where path.Length > 0 && ParentOf(path) == directory
               select path[(path.LastIndexOf('/') + 1)..],
        ];
    }

    private static DiskException NotFound(string operation, string path) =>
        new(DiskError.NotFound, operation, path, "no such file or directory");

    private void RequireDirectory(string directory, string operation, string path)
    {
        if (!_directories.Contains(directory))
        {
            throw NotFound(operation, path);
        }
    }
}
