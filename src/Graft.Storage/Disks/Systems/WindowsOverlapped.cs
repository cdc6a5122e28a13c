using System.Runtime.InteropServices;

namespace Graft.Storage;

/// <summary>OVERLAPPED, field by field; here it only carries an offset.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WindowsOverlapped
{
    internal nuint Status;
    internal nuint Transferred;
    internal uint OffsetLow;
    internal uint OffsetHigh;
    internal nint Event;
}
