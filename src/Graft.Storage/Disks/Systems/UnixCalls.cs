using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

/// <summary>What Linux and macOS have in common. The numbers of flags and errors they don't.</summary>
internal abstract unsafe class UnixCalls : ISystemCalls
{
    // What a node stores is its users' data. Who else may read it is for the administrator to say, as with etcd's (0600, 0700).
    private protected const int FileMode = 0b110_000_000;
    private const int DirectoryMode = 0b111_000_000;

    private const int EPERM = 1;
    private const int ENOENT = 2;
    private const int EINTR = 4;
    private const int EACCES = 13;
    private const int EEXIST = 17;
    private const int ENOTDIR = 20;
    private const int ENOSPC = 28;
    private const int EROFS = 30;

    private const int O_RDONLY = 0;
    private const int O_RDWR = 2;

    private const int SEEK_END = 2;
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;
    private const int LOCK_UN = 8;
    private const int F_OK = 0;

    /// <summary>IOV_MAX of both systems.</summary>
    public int PiecesMax => 1024;

    public abstract long BytesMax { get; }

    /// <summary>O_CREAT.</summary>
    private protected abstract int CreateFlag { get; }

    /// <summary>O_EXCL.</summary>
    private protected abstract int ExclusiveFlag { get; }

    /// <summary>O_DIRECTORY.</summary>
    private protected abstract int DirectoryFlag { get; }

    /// <summary>O_CLOEXEC.</summary>
    private protected abstract int CloseOnExecFlag { get; }

    private protected abstract int QuotaExceeded { get; }

    private protected abstract int WouldBlock { get; }

    public SystemResult Open(string path, SystemOpen how, out SafeFileHandle handle)
    {
        SystemResult opened = Result(Open(path, CloseOnExecFlag | Flags(how)));
        handle = opened.Failed ? new SafeFileHandle() : new SafeFileHandle(checked((nint)opened.Value), ownsHandle: true);
        return opened;
    }

    public SystemResult Read(SafeFileHandle handle, byte* buffer, int length, long offset) =>
        Result(LibC.Read(handle, buffer, (nuint)length, offset));

    public SystemResult Write(SafeFileHandle handle, IoVector* pieces, int count, long offset) =>
        Result(count == 1
            ? LibC.Write(handle, pieces->Start, pieces->Length, offset)
            : LibC.WriteVector(handle, pieces, count, offset));

    public abstract SystemResult Flush(SafeFileHandle handle);

    public abstract SystemResult FlushDirectory(SafeFileHandle handle);

    public SystemResult SetLength(SafeFileHandle handle, long length) => Result(LibC.SetLength(handle, length));

    // The position that this moves is nobody's: every read and write names its own. struct stat differs from one
    // architecture to the next.
    public SystemResult Length(SafeFileHandle handle) => Result(LibC.Seek(handle, 0, SEEK_END));

    public SystemResult Lock(SafeFileHandle handle) => Result(LibC.Lock(handle, LOCK_EX | LOCK_NB));

    public SystemResult Unlock(SafeFileHandle handle) => Result(LibC.Lock(handle, LOCK_UN));

    // A character device without a flush of its own: EINVAL on Linux, ENOTTY for F_FULLFSYNC on macOS.
    public SystemResult OpenUnflushable(string file, out SafeFileHandle handle) => Open("/dev/null", SystemOpen.ReadWrite, out handle);

    public SystemResult Exists(string path) => Result(LibC.Access(path, F_OK));

    public SystemResult Rename(string path, string newPath) => Result(LibC.Rename(path, newPath));

    public SystemResult Delete(string path) => Result(LibC.Delete(path));

    public SystemResult CreateDirectory(string path) => Result(LibC.CreateDirectory(path, DirectoryMode));

    public bool IsInterrupted(int error) => error == EINTR;

    // EFBIG isn't "no space": deleting files doesn't lift a limit on the size of one.
    public DiskError Classify(int error) =>
        error == QuotaExceeded ? DiskError.NoSpace
        : error == WouldBlock ? DiskError.Locked
        : error switch
        {
            ENOSPC => DiskError.NoSpace,
            ENOENT or ENOTDIR => DiskError.NotFound,
            EEXIST => DiskError.Exists,
            EACCES or EPERM or EROFS => DiskError.Denied,
            _ => DiskError.Failed,
        };

    public virtual string Describe(int error) => $"{Marshal.GetPInvokeErrorMessage(error)} (errno {error})";

    // It may set a mode, which a system takes as a variable argument: how those are passed is the system's own.
    private protected abstract long Open(string path, int flags);

    /// <summary>To be called on what an import returned, before anything else can overwrite the error number.</summary>
    private protected static SystemResult Result(long value) =>
        value < 0 ? new SystemResult(value, Marshal.GetLastPInvokeError()) : new SystemResult(value, 0);

    private int Flags(SystemOpen how) => how switch
    {
        SystemOpen.Read => O_RDONLY,
        SystemOpen.ReadWrite => O_RDWR,
        SystemOpen.Create => O_RDWR | CreateFlag | ExclusiveFlag,
        SystemOpen.Lock => O_RDWR | CreateFlag,
        SystemOpen.Directory => O_RDONLY | DirectoryFlag,
    };
}
