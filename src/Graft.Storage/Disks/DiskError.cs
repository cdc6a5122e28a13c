namespace Graft.Storage;

/// <summary>Why a call to an <see cref="IDisk"/> failed, as far as the caller's next step depends on it.</summary>
public enum DiskError
{
    /// <summary>The device, the file system or the system call failed. Nothing is known of what it did.</summary>
    Failed,

    /// <summary>No space, no inodes, or over quota.</summary>
    NoSpace,

    /// <summary>No such file or directory.</summary>
    NotFound,

    /// <summary>The name is taken.</summary>
    Exists,

    /// <summary>This process may not do that here.</summary>
    Denied,

    /// <summary>Another process holds the lock.</summary>
    Locked,
}
