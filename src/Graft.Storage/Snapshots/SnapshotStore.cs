using Graft.Consensus;

namespace Graft.Storage;

/// <summary>The snapshots of all groups of one node, as files; docs/internals/snapshot-format.md has the format and the duties (D1)….</summary>
/// <remarks>
/// <para>Thread-safe. Writers, receivers and readers are not: each belongs to one thread at a time.</para>
/// <para>
/// After a <see cref="StorageFailedException"/> nothing more is written, received, set aside or pruned: each attempt throws it
/// again. Reading goes on.
/// </para>
/// </remarks>
public sealed partial class SnapshotStore
{
    /// <summary>Content bytes per chunk unless told otherwise: with its head, a chunk fills a pooled buffer of 256 KiB.</summary>
    public const int ChunkBytesDefault = (256 * 1024) - SnapshotFormat.ChunkHeadBytes;

    private readonly IDisk _disk;
    private readonly ClusterId _cluster;
    private readonly int _chunkBytes;
    private readonly Lock _lock = new();
    private readonly SortedSet<string> _claims = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _pins = new(StringComparer.Ordinal);
    private readonly SortedSet<GroupId> _durable = [];

    // How many claims have ended: what was found in a file before one did may be of a file that isn't there any more.
    private long _ended;
    private StorageFailedException? _failure;

    private SnapshotStore(IDisk disk, ClusterId cluster, int chunkBytes) =>
        (_disk, _cluster, _chunkBytes) = (disk, cluster, chunkBytes);

    /// <summary>Opens the store and deletes what a crash left of snapshots that this node was writing; nothing else is touched.</summary>
    /// <param name="disk">Where <c>snapshots/</c> is or will be. No other store may be open on it.</param>
    /// <param name="cluster">Another cluster's snapshots are refused.</param>
    /// <param name="warnings">Gets what couldn't be deleted. A full or read-only disk doesn't keep the store from opening.</param>
    /// <param name="chunkBytes">Content bytes per chunk in what is written here; what is received has its writer's.</param>
    /// <exception cref="ArgumentOutOfRangeException">A chunk can't have so many bytes.</exception>
    /// <exception cref="DiskException">The disk doesn't let a directory be read.</exception>
    public static SnapshotStore Open(
        IDisk disk, ClusterId cluster, ICollection<SnapshotWarning> warnings, int chunkBytes = ChunkBytesDefault)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(warnings);
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunkBytes, SnapshotFormat.ChunkBytesMax);
        var store = new SnapshotStore(disk, cluster, chunkBytes);
        foreach (GroupId group in store.ListGroups())
        {
            // Not flushed: a name that comes back is deleted at the next start.
            store.DeleteIn(SnapshotPaths.Directory(group), SnapshotPaths.IsWriting, warnings);
        }

        return store;
    }

    /// <summary>The groups that have a directory here, in the order of their names, with or without a snapshot in it.</summary>
    /// <exception cref="DiskException">The disk doesn't let the directory be read.</exception>
    public IReadOnlyList<GroupId> ListGroups()
    {
        var groups = new List<GroupId>();
        foreach (string name in _disk.ListDirectories(SnapshotPaths.Root))
        {
            if (SnapshotPaths.TryParseGroup(name, out GroupId group))
            {
                groups.Add(group);
            }
        }

        return groups;
    }

    /// <summary>Begins a snapshot of this node's own state. <see cref="SnapshotWriter.Complete"/> publishes it.</summary>
    /// <param name="group">Whose state.</param>
    /// <param name="snapshot">Its position and the configuration in force there. The length isn't looked at.</param>
    /// <exception cref="SnapshotException">
    /// <see cref="SnapshotError.Busy"/>: it's being written or received already; or <see cref="SnapshotError.NoSpace"/>.
    /// </exception>
    /// <exception cref="StorageFailedException">Final, now or earlier.</exception>
    /// <exception cref="DiskException">The file can't be created, for another reason than space. Nothing was begun.</exception>
    /// <exception cref="ArgumentException">It has too many members, or its configuration is of a later index than itself.</exception>
    public SnapshotWriter Create(GroupId group, Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        byte[] bytes = SnapshotFormat.WriteHeader(_cluster, group, snapshot, _chunkBytes, out SnapshotHeader header);
        string[] claims = [SnapshotPaths.Snapshot(group, snapshot.Last)];
        Claim(claims);
        SnapshotFile? file = null;
        try
        {
            file = SnapshotFile.Create(this, _disk, group, header.Snapshot.Last, SnapshotPaths.Writing(group, snapshot.Last), claims);
            file.Append(bytes);
            return new SnapshotWriter(file, header, Crc32C.Of(bytes));
        }
        catch
        {
            if (file is null)
            {
                Release(claims);
            }

            file?.Abandon();
            throw;
        }
    }

    /// <summary>Begins or resumes the receipt of another node's snapshot: of that node's file, byte by byte.</summary>
    /// <param name="group">Whose snapshot.</param>
    /// <param name="snapshot">
    /// What the leader announced, with the length of its file. With the same position and length receipt is resumed, also after
    /// a crash; for any other, whatever was received before is deleted.
    /// </param>
    /// <exception cref="SnapshotException">
    /// <see cref="SnapshotError.Busy"/>: the group is receiving one already, or this one is being written here; or
    /// <see cref="SnapshotError.NoSpace"/>.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The announced length isn't above zero.</exception>
    /// <exception cref="StorageFailedException">Final, now or earlier.</exception>
    /// <exception cref="DiskException">The file can't be created or opened, for another reason than space. Nothing was begun.</exception>
    public SnapshotReceiver OpenReceive(GroupId group, Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentOutOfRangeException.ThrowIfLessThan(snapshot.Bytes, 1, nameof(snapshot));
        string directory = SnapshotPaths.Directory(group);
        string part = SnapshotPaths.Receiving(group, snapshot);
        string[] claims = [SnapshotPaths.Snapshot(group, snapshot.Last), directory + SnapshotPaths.ReceivingSuffix];
        Claim(claims);
        SnapshotFile? file = null;
        SnapshotReceiver? receiver = null;
        try
        {
            DeleteIn(directory, name => SnapshotPaths.IsReceiving(name) && $"{directory}/{name}" != part, warnings: null);
            bool isBegun = _disk.FileExists(part);
            file = isBegun
                ? SnapshotFile.Reopen(this, _disk, group, snapshot.Last, part, claims)
                : SnapshotFile.Create(this, _disk, group, snapshot.Last, part, claims);
            receiver = new SnapshotReceiver(file, snapshot, new SnapshotExpectation(_cluster, group, snapshot.Last, snapshot));
            receiver.Resume();
            return receiver;
        }
        catch
        {
            if (file is null)
            {
                Release(claims);
            }

            receiver?.Dispose();
            file?.Close();
            throw;
        }
    }

    /// <summary>Opens a snapshot to be restored or sent. While it's open, nothing prunes it.</summary>
    /// <param name="group">Whose snapshot.</param>
    /// <param name="last">The entry that it ends at.</param>
    /// <exception cref="SnapshotException">
    /// It's not there, or header and footer don't verify, or it's another cluster's or a newer program's.
    /// </exception>
    /// <exception cref="DiskException">The disk doesn't let it be read.</exception>
    public SnapshotReader Open(GroupId group, EntryId last)
    {
        string path = SnapshotPaths.Snapshot(group, last);
        Pin(path);
        IDiskFile? file = null;
        try
        {
            file = _disk.Open(path, DiskAccess.Read);
            SnapshotDescription description = SnapshotTools.Describe(path, file, Expect(group, last), out SnapshotHeader header);
            return new SnapshotReader(this, path, file, description, header);
        }
        catch (Exception exception)
        {
            file?.Dispose();
            Unpin(path);
            if (exception is DiskException { Error: DiskError.NotFound })
            {
                throw new SnapshotException(SnapshotError.NotFound, path, "there is no such snapshot.", inner: exception);
            }

            throw;
        }
    }

    internal void Release(string[] claims)
    {
        lock (_lock)
        {
            _claims.ExceptWith(claims);
            _ended++;
        }
    }

    internal void Unpin(string path)
    {
        lock (_lock)
        {
            if (--_pins[path] == 0)
            {
                _pins.Remove(path);
            }
        }
    }

    internal void ThrowIfFailed()
    {
        lock (_lock)
        {
            if (_failure is { } failure)
            {
                throw new StorageFailedException(failure.Operation, failure.Path, (DiskException)failure.InnerException!);
            }
        }
    }

    /// <summary>Makes the store stop for good, and returns what to throw.</summary>
    internal StorageFailedException Fail(DiskException exception)
    {
        var failure = new StorageFailedException(exception.Operation, exception.Path, exception);
        lock (_lock)
        {
            _failure ??= failure;
        }

        return failure;
    }

    /// <summary>Makes the names in a group's directory durable, and the directory itself (D1, D2).</summary>
    internal void FlushNames(GroupId group)
    {
        try
        {
            _disk.FlushDirectory(SnapshotPaths.Directory(group));
            bool isDurable;
            lock (_lock)
            {
                isDurable = _durable.Contains(group);
            }

            // Once in each process, also for directories that were there: whoever created them may have died before this.
            if (!isDurable)
            {
                _disk.FlushDirectory(SnapshotPaths.Root);
                _disk.FlushDirectory("");
                lock (_lock)
                {
                    _durable.Add(group);
                }
            }
        }
        catch (DiskException exception)
        {
            throw Fail(exception);
        }
    }

    private SnapshotExpectation Expect(GroupId group, EntryId last) => new(_cluster, group, last);

    private void Claim(string[] claims)
    {
        ThrowIfFailed();
        lock (_lock)
        {
            foreach (string claim in claims)
            {
                if (_claims.Contains(claim))
                {
                    throw new SnapshotException(SnapshotError.Busy, claim, "it is being written or received already.");
                }
            }

            _claims.UnionWith(claims);
        }
    }

    private void Pin(string path)
    {
        lock (_lock)
        {
            _pins[path] = _pins.GetValueOrDefault(path) + 1;
        }
    }

    private void DeleteIn(string directory, Func<string, bool> isMeant, ICollection<SnapshotWarning>? warnings)
    {
        foreach (string name in _disk.ListFiles(directory))
        {
            string path = $"{directory}/{name}";
            if (isMeant(name))
            {
                TryDelete(path, warnings);
            }
        }
    }

    private bool TryDelete(string path, ICollection<SnapshotWarning>? warnings)
    {
        try
        {
            _disk.Delete(path);
            return true;
        }
        catch (DiskException exception)
        {
            warnings?.Add(new SnapshotWarning(path, $"it could not be deleted and stays. {exception.Message}", null));
            return false;
        }
    }
}
