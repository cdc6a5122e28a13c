using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

/// <remarks>
/// <para>
/// Windows has no call that flushes a directory: <see cref="FlushDirectory"/> does nothing there, and that names are durable
/// rests on the journal of NTFS and on MOVEFILE_WRITE_THROUGH.
/// </para>
/// <para>Compiled with every build and never yet run: none of our machines is a Windows.</para>
/// </remarks>
internal sealed unsafe class WindowsCalls : ISystemCalls
{
    private const uint GENERIC_READ = 0x8000_0000;
    private const uint GENERIC_WRITE = 0x4000_0000;
    private const uint FILE_SHARE_ALL = 7;
    private const uint CREATE_NEW = 1;
    private const uint OPEN_EXISTING = 3;
    private const uint OPEN_ALWAYS = 4;
    private const uint FILE_FLAG_BACKUP_SEMANTICS = 0x0200_0000;
    private const uint MOVEFILE_REPLACE_EXISTING = 1;
    private const uint MOVEFILE_WRITE_THROUGH = 8;
    private const uint LOCKFILE_FAIL_IMMEDIATELY = 1;
    private const uint LOCKFILE_EXCLUSIVE_LOCK = 2;
    private const int FileEndOfFileInfo = 6;

    private const int ERROR_FILE_NOT_FOUND = 2;
    private const int ERROR_PATH_NOT_FOUND = 3;
    private const int ERROR_ACCESS_DENIED = 5;
    private const int ERROR_WRITE_PROTECT = 19;
    private const int ERROR_SHARING_VIOLATION = 32;
    private const int ERROR_LOCK_VIOLATION = 33;
    private const int ERROR_HANDLE_EOF = 38;
    private const int ERROR_HANDLE_DISK_FULL = 39;
    private const int ERROR_FILE_EXISTS = 80;
    private const int ERROR_DISK_FULL = 112;
    private const int ERROR_ALREADY_EXISTS = 183;
    private const int ERROR_DISK_QUOTA_EXCEEDED = 1295;

    /// <summary>WriteFileGather takes whole pages of unbuffered files alone, so pieces are written one by one.</summary>
    public int PiecesMax => 1;

    public long BytesMax => int.MaxValue;

    public SystemResult Open(string path, SystemOpen how, out SafeFileHandle handle)
    {
        uint access = how is SystemOpen.Read or SystemOpen.Directory ? GENERIC_READ : GENERIC_READ | GENERIC_WRITE;
        uint disposition = how switch
        {
            SystemOpen.Create => CREATE_NEW,
            SystemOpen.Lock => OPEN_ALWAYS,
            _ => OPEN_EXISTING,
        };
        uint flags = how == SystemOpen.Directory ? FILE_FLAG_BACKUP_SEMANTICS : 0;

        nint opened = Kernel32.Open(Long(path), access, FILE_SHARE_ALL, 0, disposition, flags, 0);
        int error = opened == -1 ? Marshal.GetLastPInvokeError() : 0;
        handle = new SafeFileHandle(opened, ownsHandle: true);
        return new SystemResult(0, error);
    }

    public SystemResult Read(SafeFileHandle handle, byte* buffer, int length, long offset)
    {
        WindowsOverlapped at = At(offset);
        uint read = 0;
        SystemResult result = Result(Kernel32.Read(handle, buffer, (uint)length, &read, &at));
        return result.Error == ERROR_HANDLE_EOF ? default : result with { Value = read };
    }

    public SystemResult Write(SafeFileHandle handle, IoVector* pieces, int count, long offset)
    {
        WindowsOverlapped at = At(offset);
        uint written = 0;
        return Result(Kernel32.Write(handle, pieces->Start, (uint)pieces->Length, &written, &at)) with { Value = written };
    }

    public SystemResult Flush(SafeFileHandle handle) => Result(Kernel32.Flush(handle));

    public SystemResult FlushDirectory(SafeFileHandle handle) => default;

    public SystemResult SetLength(SafeFileHandle handle, long length) =>
        Result(Kernel32.SetInformation(handle, FileEndOfFileInfo, &length, sizeof(long)));

    public SystemResult Length(SafeFileHandle handle)
    {
        long length = 0;
        return Result(Kernel32.Length(handle, &length)) with { Value = length };
    }

    // A locked range can't be read by others. This one byte lies where no content does, so that they can read who holds it.
    public SystemResult Lock(SafeFileHandle handle)
    {
        WindowsOverlapped at = At(long.MaxValue - 1);
        return Result(Kernel32.Lock(handle, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at));
    }

    // No handle of ours is ever inherited, so the lock ends with it.
    public SystemResult Unlock(SafeFileHandle handle) => default;

    // FlushFileBuffers asks for the right to write.
    public SystemResult OpenUnflushable(string file, out SafeFileHandle handle) => Open(file, SystemOpen.Read, out handle);

    public SystemResult Exists(string path) => Result(Kernel32.Attributes(Long(path)) == uint.MaxValue ? 0 : 1);

    public SystemResult Rename(string path, string newPath) =>
        Result(Kernel32.Move(Long(path), Long(newPath), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH));

    public SystemResult Delete(string path) => Result(Kernel32.Delete(Long(path)));

    public SystemResult CreateDirectory(string path) => Result(Kernel32.CreateDirectory(Long(path), 0));

    public bool IsInterrupted(int error) => false;

    public DiskError Classify(int error) => error switch
    {
        ERROR_DISK_FULL or ERROR_HANDLE_DISK_FULL or ERROR_DISK_QUOTA_EXCEEDED => DiskError.NoSpace,
        ERROR_FILE_NOT_FOUND or ERROR_PATH_NOT_FOUND => DiskError.NotFound,
        ERROR_FILE_EXISTS or ERROR_ALREADY_EXISTS => DiskError.Exists,
        ERROR_ACCESS_DENIED or ERROR_WRITE_PROTECT or ERROR_SHARING_VIOLATION => DiskError.Denied,
        ERROR_LOCK_VIOLATION => DiskError.Locked,
        _ => DiskError.Failed,
    };

    public string Describe(int error) => $"{Marshal.GetPInvokeErrorMessage(error)} (error {error})";

    private static SystemResult Result(int succeeded) => new(0, succeeded != 0 ? 0 : Marshal.GetLastPInvokeError());

    private static WindowsOverlapped At(long offset) => new()
    {
        OffsetLow = unchecked((uint)offset),
        OffsetHigh = (uint)(offset >> 32),
    };

    // Without the prefix a path ends at 260 characters.
    private static string Long(string path) => path.StartsWith(@"\\", StringComparison.Ordinal) ? path : @"\\?\" + path;
}
