using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

internal sealed class LinuxCalls : UnixCalls
{
    private const int O_RDONLY = 0;
    private const int O_RDWR = 0x2;
    private const int O_CREAT = 0x40;
    private const int O_EXCL = 0x80;
    private const int O_CLOEXEC = 0x80000;

    // The two architectures that have their own number for it (asm/fcntl.h); the rest take the generic one.
    private static readonly int O_DIRECTORY =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm or Architecture.Ppc64le ? 0x4000 : 0x10000;

    /// <summary>MAX_RW_COUNT: the kernel writes no more than this at once, and doesn't refuse more either.</summary>
    public override long BytesMax => 0x7FFF_F000;

    private protected override int QuotaExceeded => 122;

    private protected override int WouldBlock => 11;

    public override SystemResult Flush(SafeFileHandle handle) => Result(LibC.SyncData(handle));

    public override SystemResult FlushDirectory(SafeFileHandle handle) => Result(LibC.Sync(handle));

    private protected override SystemResult Open(string path, SystemOpen how) =>
        Result(LibC.Open(path, O_CLOEXEC | Flags(how), FileMode));

    private static int Flags(SystemOpen how) => how switch
    {
        SystemOpen.Read => O_RDONLY,
        SystemOpen.ReadWrite => O_RDWR,
        SystemOpen.Create => O_RDWR | O_CREAT | O_EXCL,
        SystemOpen.Lock => O_RDWR | O_CREAT,
        SystemOpen.Directory => O_RDONLY | O_DIRECTORY,
    };
}
