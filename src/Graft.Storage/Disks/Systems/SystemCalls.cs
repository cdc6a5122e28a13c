namespace Graft.Storage;

/// <summary>Chooses the calls of the system that this process runs on.</summary>
internal static class SystemCalls
{
    internal static ISystemCalls OfThisMachine { get; } = Choose();

    private static ISystemCalls Choose()
    {
        // Offsets are declared as 64 bits, and off_t isn't everywhere else.
        if (!Environment.Is64BitProcess)
        {
            throw new PlatformNotSupportedException("Graft stores its data only in a 64-bit process.");
        }

        return OperatingSystem.IsLinux() ? new LinuxCalls()
            : OperatingSystem.IsMacOS() ? new MacCalls()
            : OperatingSystem.IsWindows() ? new WindowsCalls()
            : throw new PlatformNotSupportedException("Graft stores its data on Linux, macOS and Windows.");
    }
}
