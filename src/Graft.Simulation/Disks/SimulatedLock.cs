namespace Graft.Simulation.Disks;

/// <summary>A held lock; it ends with its process, and then disposing of it does nothing.</summary>
internal sealed class SimulatedLock(SimulatedDisk disk, Inode inode) : IDisposable
{
    private bool _isDisposed;

    internal int Process { get; } = disk.Process;

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            disk.Unlock(this, inode);
        }
    }
}
