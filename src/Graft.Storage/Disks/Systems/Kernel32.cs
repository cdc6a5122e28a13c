using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

/// <summary>The system library of Windows. Zero is failure, everywhere but in the two that return something else.</summary>
internal static unsafe partial class Kernel32
{
    [LibraryImport("kernel32", EntryPoint = "CreateFileW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    internal static partial nint Open(string path, uint access, uint share, nint security, uint disposition, uint flags, nint template);

    [LibraryImport("kernel32", EntryPoint = "ReadFile", SetLastError = true)]
    internal static partial int Read(SafeFileHandle handle, byte* buffer, uint length, uint* read, WindowsOverlapped* at);

    [LibraryImport("kernel32", EntryPoint = "WriteFile", SetLastError = true)]
    internal static partial int Write(SafeFileHandle handle, byte* buffer, uint length, uint* written, WindowsOverlapped* at);

    [LibraryImport("kernel32", EntryPoint = "FlushFileBuffers", SetLastError = true)]
    internal static partial int Flush(SafeFileHandle handle);

    [LibraryImport("kernel32", EntryPoint = "SetFileInformationByHandle", SetLastError = true)]
    internal static partial int SetInformation(SafeFileHandle handle, int kind, void* information, uint size);

    [LibraryImport("kernel32", EntryPoint = "GetFileSizeEx", SetLastError = true)]
    internal static partial int Length(SafeFileHandle handle, long* length);

    [LibraryImport("kernel32", EntryPoint = "LockFileEx", SetLastError = true)]
    internal static partial int Lock(SafeFileHandle handle, uint flags, uint reserved, uint low, uint high, WindowsOverlapped* at);

    /// <summary>0xFFFFFFFF is failure.</summary>
    [LibraryImport("kernel32", EntryPoint = "GetFileAttributesW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    internal static partial uint Attributes(string path);

    [LibraryImport("kernel32", EntryPoint = "MoveFileExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    internal static partial int Move(string path, string newPath, uint flags);

    [LibraryImport("kernel32", EntryPoint = "DeleteFileW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    internal static partial int Delete(string path);

    [LibraryImport("kernel32", EntryPoint = "CreateDirectoryW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    internal static partial int CreateDirectory(string path, nint security);
}
