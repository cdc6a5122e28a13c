using System.Runtime.InteropServices;

namespace Graft.Sqlite;

/// <summary><c>sqlite3_vfs</c>, as SQLite lays it out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VfsTable
{
    internal int Version;
    internal int FileSize;
    internal int PathMax;
    internal VfsTable* Next;
    internal byte* Name;
    internal nint Data;
    internal delegate* unmanaged[Cdecl]<VfsTable*, byte*, FileHead*, int, int*, int> Open;
    internal delegate* unmanaged[Cdecl]<VfsTable*, byte*, int, int> Delete;
    internal delegate* unmanaged[Cdecl]<VfsTable*, byte*, int, int*, int> Access;
    internal delegate* unmanaged[Cdecl]<VfsTable*, byte*, int, byte*, int> FullPathname;
    internal nint DlOpen;
    internal nint DlError;
    internal nint DlSym;
    internal nint DlClose;
    internal delegate* unmanaged[Cdecl]<VfsTable*, int, byte*, int> Randomness;
    internal delegate* unmanaged[Cdecl]<VfsTable*, int, int> Sleep;
    internal delegate* unmanaged[Cdecl]<VfsTable*, double*, int> CurrentTime;
    internal delegate* unmanaged[Cdecl]<VfsTable*, int, byte*, int> GetLastError;
    internal delegate* unmanaged[Cdecl]<VfsTable*, long*, int> CurrentTimeInt64;
    internal nint SetSystemCall;
    internal nint GetSystemCall;
    internal nint NextSystemCall;
}
