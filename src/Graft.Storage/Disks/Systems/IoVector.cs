using System.Runtime.InteropServices;

namespace Graft.Storage;

/// <summary>A piece of pinned memory to write. On Unix it's <c>struct iovec</c>, field by field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    internal byte* Start;
    internal nuint Length;
}
