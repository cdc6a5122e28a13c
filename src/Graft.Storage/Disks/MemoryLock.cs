namespace Graft.Storage;

/// <summary>A lock on a <see cref="MemoryDisk"/>; given back once, however often it's disposed.</summary>
internal sealed class MemoryLock(MemoryDisk disk, string file) : IDisposable
{
    private bool _isReleased;

    public void Dispose()
    {
        // A second release must not take the lock from whoever holds it by then.
        if (!_isReleased)
        {
            _isReleased = true;
            disk.Unlock(file);
        }
    }
}
