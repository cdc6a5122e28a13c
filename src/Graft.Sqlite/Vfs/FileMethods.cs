using System.Runtime.InteropServices;

namespace Graft.Sqlite;

/// <summary><c>sqlite3_io_methods</c>, as SQLite lays it out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FileMethods
{
    internal int Version;
    internal delegate* unmanaged[Cdecl]<FileHead*, int> Close;
    internal delegate* unmanaged[Cdecl]<FileHead*, byte*, int, long, int> Read;
    internal delegate* unmanaged[Cdecl]<FileHead*, byte*, int, long, int> Write;
    internal delegate* unmanaged[Cdecl]<FileHead*, long, int> Truncate;
    internal delegate* unmanaged[Cdecl]<FileHead*, int, int> Flush;
    internal delegate* unmanaged[Cdecl]<FileHead*, long*, int> Size;
    internal delegate* unmanaged[Cdecl]<FileHead*, int, int> Lock;
    internal delegate* unmanaged[Cdecl]<FileHead*, int, int> Unlock;
    internal delegate* unmanaged[Cdecl]<FileHead*, int*, int> CheckReservedLock;
    internal delegate* unmanaged[Cdecl]<FileHead*, int, void*, int> Control;
    internal delegate* unmanaged[Cdecl]<FileHead*, int> SectorSize;
    internal delegate* unmanaged[Cdecl]<FileHead*, int> Characteristics;
    internal delegate* unmanaged[Cdecl]<FileHead*, int, int, int, void**, int> MapShared;
    internal delegate* unmanaged[Cdecl]<FileHead*, int, int, int, int> LockShared;
    internal delegate* unmanaged[Cdecl]<FileHead*, void> SharedBarrier;
    internal delegate* unmanaged[Cdecl]<FileHead*, int, int> UnmapShared;
    internal nint Fetch;
    internal nint Unfetch;
}
