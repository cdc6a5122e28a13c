using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

/// <remarks>Compiled with every build and never yet run: none of our machines is a Mac.</remarks>
internal sealed class MacCalls : UnixCalls
{
    private const int F_FULLFSYNC = 51;

    private const int ENOTTY = 25;
    private const int ENOTSUP = 45;

    /// <summary>Beyond INT_MAX a write fails with EINVAL instead of being short.</summary>
    public override long BytesMax => int.MaxValue;

    private protected override int CreateFlag => 0x200;

    private protected override int ExclusiveFlag => 0x800;

    private protected override int DirectoryFlag => 0x100000;

    private protected override int CloseOnExecFlag => 0x1000000;

    private protected override int QuotaExceeded => 69;

    private protected override int WouldBlock => 35;

    // fsync(2) of macOS leaves the data in the drive's cache, where a power cut finds it. Nothing else is tried when
    // F_FULLFSYNC is refused: to fall back would be to promise what isn't kept.
    public override SystemResult Flush(SafeFileHandle handle) => Result(LibC.Control(handle, F_FULLFSYNC));

    public override SystemResult FlushDirectory(SafeFileHandle handle) => Result(LibC.Control(handle, F_FULLFSYNC));

    public override string Describe(int error) => error is ENOTSUP or ENOTTY
        ? $"{base.Describe(error)}. If this was a flush: the file system has no F_FULLFSYNC, and without it nothing is durable there"
        : base.Describe(error);

    private protected override long Open(string path, int flags) =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? LibC.OpenAppleArm(path, flags, 0, 0, 0, 0, 0, 0, FileMode)
            : LibC.Open(path, flags, FileMode);
}
