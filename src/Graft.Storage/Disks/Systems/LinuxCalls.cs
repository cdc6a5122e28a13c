using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

internal sealed class LinuxCalls : UnixCalls
{
    /// <summary>MAX_RW_COUNT: the kernel writes no more than this at once, and doesn't refuse more either.</summary>
    public override long BytesMax => 0x7FFF_F000;

    private protected override int CreateFlag => 0x40;

    private protected override int ExclusiveFlag => 0x80;

    // The two architectures that have their own number for it (asm/fcntl.h); the rest take the generic one.
    private protected override int DirectoryFlag { get; } =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm or Architecture.Ppc64le ? 0x4000 : 0x10000;

    private protected override int CloseOnExecFlag => 0x80000;

    private protected override int QuotaExceeded => 122;

    private protected override int WouldBlock => 11;

    public override SystemResult Flush(SafeFileHandle handle) => Result(LibC.SyncData(handle));

    public override SystemResult FlushDirectory(SafeFileHandle handle) => Result(LibC.Sync(handle));

    private protected override long Open(string path, int flags) => LibC.Open(path, flags, FileMode);
}
