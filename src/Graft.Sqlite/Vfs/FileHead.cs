using System.Runtime.InteropServices;

namespace Graft.Sqlite;

/// <summary>The beginning of a file that SQLite has allocated for us; the file of the VFS underneath lies behind it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FileHead
{
    /// <summary>How far the file underneath lies behind: a multiple of 8, as alignment wants.</summary>
    internal const int Size = 32;

    /// <summary>SQLite's own field, and the only one of a file of the VFS underneath that is looked at.</summary>
    internal FileMethods* Methods;

    /// <summary>A handle of the <see cref="SqliteVfs"/>.</summary>
    internal nint Owner;

    /// <summary>The flags of the open that say what it is.</summary>
    internal long Kind;

    /// <summary>The name that we gave a temporary file, which has to live as long as the file; null otherwise.</summary>
    internal byte* OwnName;
}
