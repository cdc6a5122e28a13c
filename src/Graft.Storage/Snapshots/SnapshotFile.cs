using Graft.Consensus;

namespace Graft.Storage;

/// <summary>A snapshot on its way to its name: the unfinished file, and what each failure on the way means (D1, D6).</summary>
/// <remarks>It holds its claims until it's published, abandoned or closed; each of them happens once.</remarks>
internal sealed class SnapshotFile
{
    private readonly SnapshotStore _store;
    private readonly IDisk _disk;
    private readonly GroupId _group;
    private readonly string _target;
    private readonly string _path;
    private readonly string[] _claims;
    private readonly IDiskFile _file;
    private long _length;

    private SnapshotFile(
        SnapshotStore store, IDisk disk, GroupId group, EntryId last, string path, string[] claims, IDiskFile file)
    {
        (_store, _disk, _group, _path, _claims, _file) = (store, disk, group, path, claims, file);
        _target = SnapshotPaths.Snapshot(group, last);
        IsOpen = true;
    }

    public bool IsOpen { get; private set; }

    public string Path => _path;

    public static SnapshotFile Create(
        SnapshotStore store, IDisk disk, GroupId group, EntryId last, string path, string[] claims)
    {
        try
        {
            disk.CreateDirectory(SnapshotPaths.Directory(group));
            if (disk.FileExists(path))
            {
                // The store's start could not delete it; whoever claims the position may.
                disk.Delete(path);
            }

            return new SnapshotFile(store, disk, group, last, path, claims, disk.Open(path, DiskAccess.Create));
        }
        catch (DiskException exception) when (exception.Error == DiskError.NoSpace)
        {
            throw NoSpace(path, exception);
        }
    }

    /// <summary>Opens what an earlier receipt has left. Nothing in it counts until it's written again.</summary>
    public static SnapshotFile Reopen(
        SnapshotStore store, IDisk disk, GroupId group, EntryId last, string path, string[] claims) =>
        new(store, disk, group, last, path, claims, disk.Open(path, DiskAccess.ReadWrite));

    public int Read(Span<byte> buffer, long offset) => _file.Read(buffer, offset);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _store.ThrowIfFailed();
        try
        {
            _file.Write(bytes, _length);
            _length += bytes.Length;
        }
        catch (DiskException exception)
        {
            throw OnFailedWrite(exception);
        }
    }

    /// <summary>Drops what lies behind <paramref name="length"/>; the next append goes there.</summary>
    public void Cut(long length)
    {
        _store.ThrowIfFailed();
        try
        {
            _file.SetLength(length);
            _length = length;
        }
        catch (DiskException exception)
        {
            throw OnFailedWrite(exception);
        }
    }

    /// <summary>Makes the content durable, then the name (D1). Closed afterwards, also when it fails.</summary>
    public void Publish()
    {
        try
        {
            _store.ThrowIfFailed();
            Flush();
            _file.Dispose();
            Rename();
            _store.FlushNames(_group);
        }
        finally
        {
            Close();
        }
    }

    /// <summary>Closes it and leaves it to be resumed.</summary>
    public void Close()
    {
        if (IsOpen)
        {
            IsOpen = false;
            _file.Dispose();
            _store.Release(_claims);
        }
    }

    /// <summary>Closes and deletes it.</summary>
    public void Abandon()
    {
        if (!IsOpen)
        {
            return;
        }

        // Deleted before the claim is given back: the next one's file has the same name.
        _file.Dispose();
        TryDelete();
        Close();
    }

    private static SnapshotException NoSpace(string path, DiskException exception) =>
        new(SnapshotError.NoSpace, path, $"no space for the snapshot; what was begun is removed. {exception.Message}", inner: exception);

    private void Flush()
    {
        try
        {
            _file.Flush();
        }
        catch (DiskException exception)
        {
            // No-space included: the space for these bytes was promised when they were written.
            throw _store.Fail(exception);
        }
    }

    private void Rename()
    {
        try
        {
            _disk.Rename(_path, _target);
        }
        catch (DiskException exception)
        {
            throw OnFailedWrite(exception);
        }
    }

    private Exception OnFailedWrite(DiskException exception)
    {
        if (exception.Error != DiskError.NoSpace)
        {
            Close();
            return _store.Fail(exception);
        }

        Abandon();
        return NoSpace(_path, exception);
    }

    private void TryDelete()
    {
        try
        {
            _disk.Delete(_path);
        }
        catch (DiskException)
        {
            // The next start, or the next writer of the position, deletes it. There is nobody here to be told more than that
            // the snapshot has come to nothing.
        }
    }
}
