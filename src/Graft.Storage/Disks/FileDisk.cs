using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

/// <summary>A directory of this machine, through system calls of our own.</summary>
/// <remarks>
/// <para>
/// The framework's flush loses the system's error on Linux, and it has none for directories: docs/internals/decisions/0007.
/// </para>
/// <para>
/// Files are created for their owner alone (0600, directories 0700). A path that leaves the root is an
/// <see cref="ArgumentException"/>; symbolic links below it are followed, and are the administrator's.
/// </para>
/// <para>
/// A flush reports <see cref="DiskError.Failed"/> whatever the system's reason, also for want of space. From then on the
/// file refuses writes and flushes; a directory refuses flushes. The same file opened again doesn't know of it.
/// </para>
/// <para>
/// The root should lie on a local file system: a lock on a network file system may hold less than it promises.
/// </para>
/// </remarks>
public sealed class FileDisk : IDisk
{
    private readonly string _root;
    private readonly ISystemCalls _calls;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, DiskException> _failedDirectories = new(StringComparer.Ordinal);
    private bool _isRootNamed;

    /// <summary>Names a directory. Nothing is looked at or created yet.</summary>
    /// <param name="root">
    /// The data directory. It needn't exist: <see cref="CreateDirectory"/> creates it, also when asked for one below it.
    /// </param>
    public FileDisk(string root)
        : this(root, SystemCalls.OfThisMachine)
    {
    }

    internal FileDisk(string root, ISystemCalls calls)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        _calls = calls;
    }

    internal ISystemCalls Calls => _calls;

    /// <inheritdoc/>
    public void CreateDirectory(string directory)
    {
        string path = Resolve(directory);
        Stack<string> missing = new();
        string? above = path;
        for (; above is not null && !Directory.Exists(above); above = Path.GetDirectoryName(above))
        {
            missing.Push(above);
        }

        NameRoot(above);
        while (missing.TryPop(out string? next))
        {
            SystemResult created = _calls.CreateDirectory(next);
            if (created.Failed && !(_calls.Classify(created.Error) == DiskError.Exists && Directory.Exists(next)))
            {
                throw Error("create", directory, created.Error);
            }

            // The caller can't flush what lies above the root, and a root without a durable name takes everything along.
            if (next.Length <= _root.Length && Path.GetDirectoryName(next) is string parent)
            {
                FlushDirectoryAt(parent, parent);
            }
        }
    }

    // A process that created it may have died before it had flushed its name, and all that we acknowledge would go with it. Those
    // above it were durable before it was created.
    private void NameRoot(string? last)
    {
        if (_isRootNamed || last is null || last.Length > _root.Length || Path.GetDirectoryName(last) is not string parent)
        {
            return;
        }

        try
        {
            FlushDirectoryAt(parent, parent);
        }
        catch (DiskException refused) when (refused.Error == DiskError.Denied)
        {
            // We couldn't have created anything in it either.
        }

        _isRootNamed = true;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory) => List(directory, Directory.EnumerateFiles);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListDirectories(string directory) => List(directory, Directory.EnumerateDirectories);

    // Not File.Exists: it takes "may not look" and "could not read" for "isn't there", and a node whose log isn't there
    // begins a new life.
    /// <inheritdoc/>
    public bool FileExists(string file)
    {
        string path = Resolve(file);
        SystemResult found;
        do
        {
            found = _calls.Exists(path);
        }
        while (found.Failed && _calls.IsInterrupted(found.Error));

        if (found.Failed)
        {
            return _calls.Classify(found.Error) == DiskError.NotFound ? false : throw Error("look for", file, found.Error);
        }

        return !Directory.Exists(path);
    }

    /// <inheritdoc/>
    public IDiskFile Open(string file, DiskAccess access)
    {
        SystemOpen how = access switch
        {
            DiskAccess.Read => SystemOpen.Read,
            DiskAccess.ReadWrite => SystemOpen.ReadWrite,
            DiskAccess.Create => SystemOpen.Create,
        };
        string operation = access == DiskAccess.Create ? "create" : "open";
        return new MachineFile(_calls, OpenHandle(Resolve(file), how, operation, file), file);
    }

    /// <inheritdoc/>
    public void Rename(string file, string newPath)
    {
        SystemResult renamed = _calls.Rename(Resolve(file), Resolve(newPath));
        if (renamed.Failed)
        {
            throw new DiskException(
                _calls.Classify(renamed.Error), "rename", file, $"to {newPath}: {_calls.Describe(renamed.Error)}");
        }
    }

    /// <inheritdoc/>
    public void Delete(string file)
    {
        SystemResult deleted = _calls.Delete(Resolve(file));
        if (deleted.Failed)
        {
            throw Error("delete", file, deleted.Error);
        }
    }

    /// <inheritdoc/>
    /// <remarks>On Windows this does nothing: there is no such call, and the names rest on the file system's journal.</remarks>
    public void FlushDirectory(string directory) => FlushDirectoryAt(Resolve(directory), directory);

    /// <inheritdoc/>
    public IDisposable Lock(string file, string holder)
    {
        ArgumentNullException.ThrowIfNull(holder);
        SafeFileHandle handle = OpenHandle(Resolve(file), SystemOpen.Lock, "lock", file);
        MachineFile content = new(_calls, handle, file);
        try
        {
            SystemResult locked;
            do
            {
                locked = _calls.Lock(handle);
            }
            while (locked.Failed && _calls.IsInterrupted(locked.Error));

            if (locked.Failed)
            {
                throw _calls.Classify(locked.Error) == DiskError.Locked
                    ? new DiskException(DiskError.Locked, "lock", file, $"it is held by {ReadHolder(content)}")
                    : Error("lock", file, locked.Error);
            }

            byte[] text = Encoding.UTF8.GetBytes(holder);
            content.Write(text, 0);
            content.SetLength(text.Length);
        }
        catch
        {
            content.Dispose();
            throw;
        }

        // The file stays when the lock ends. Deleted, it could be locked under its old name by one process and be created
        // and locked again by another.
        return new MachineLock(_calls, handle, content);
    }

    internal SystemResult OpenUnflushable(string file, out SafeFileHandle handle) =>
        _calls.OpenUnflushable(Resolve(file), out handle);

    private static string ReadHolder(MachineFile content)
    {
        byte[] text = new byte[1024];
        string holder = Encoding.UTF8.GetString(text, 0, content.Read(text, 0)).Trim();
        return holder.Length == 0 ? "another process, which has not written its name yet" : holder;
    }

    private void FlushDirectoryAt(string path, string directory)
    {
        lock (_gate)
        {
            if (_failedDirectories.TryGetValue(path, out DiskException? earlier))
            {
                throw new DiskException(
                    DiskError.Failed, "flush", directory, $"what it holds is unknown since an earlier failure. {earlier.Message}");
            }
        }

        using SafeFileHandle handle = OpenHandle(path, SystemOpen.Directory, "flush", directory);
        SystemResult flushed;
        do
        {
            flushed = _calls.FlushDirectory(handle);
        }
        while (flushed.Failed && _calls.IsInterrupted(flushed.Error));

        if (flushed.Failed)
        {
            DiskException failure = new(DiskError.Failed, "flush", directory, _calls.Describe(flushed.Error));
            lock (_gate)
            {
                _failedDirectories.TryAdd(path, failure);
            }

            throw failure;
        }
    }

    private SafeFileHandle OpenHandle(string path, SystemOpen how, string operation, string given)
    {
        SystemResult opened;
        SafeFileHandle handle;
        do
        {
            opened = _calls.Open(path, how, out handle);
        }
        while (opened.Failed && _calls.IsInterrupted(opened.Error));

        return opened.Failed ? throw Error(operation, given, opened.Error) : handle;
    }

    private string[] List(string directory, Func<string, IEnumerable<string>> enumerate)
    {
        try
        {
            string[] names = [.. enumerate(Resolve(directory)).Select(path => Path.GetFileName(path))];
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new DiskException(DiskError.Denied, "list", directory, refused.Message);
        }
        catch (IOException failed)
        {
            throw new DiskException(DiskError.Failed, "list", directory, failed.Message);
        }
    }

    // The same names on every system: what one of them would read as a separator, a drive or a stream is no part of a name.
    private string Resolve(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0)
        {
            return _root;
        }

        if (path.AsSpan().ContainsAny('\\', ':', '\0') || path.Split('/').Any(part => part is "" or "." or ".."))
        {
            throw new ArgumentException(
                $"'{path}' is no path below the data directory: names separated by '/', none of them empty, '.' or '..'.", nameof(path));
        }

        return Path.Join(_root, Path.DirectorySeparatorChar == '/' ? path : path.Replace('/', Path.DirectorySeparatorChar));
    }

    private DiskException Error(string operation, string path, int error) =>
        new(_calls.Classify(error), operation, path, _calls.Describe(error));
}
