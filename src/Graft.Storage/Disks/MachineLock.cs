using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

/// <summary>A lock that this process holds.</summary>
internal sealed class MachineLock(ISystemCalls calls, SafeFileHandle handle, MachineFile content) : IDisposable
{
    public void Dispose()
    {
        if (!handle.IsClosed)
        {
            // Should it fail, the lock ends with the handle.
            calls.Unlock(handle);
            content.Dispose();
        }
    }
}
