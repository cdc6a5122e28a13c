using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Graft;

/// <summary>The machine's clocks, with a monotonic one that goes on while the machine is suspended.</summary>
/// <remarks>
/// The framework's stands still in suspend on Linux: a leader on a laptop that was closed for a minute would wake up in
/// possession of a lease that had run out long ago (thesis §6.4.1; architecture of leases in docs/internals/protocol.md).
/// Where no such clock is known, the framework's is used, and the pause that it hides is one that a lease doesn't survive
/// knowing: say so and use linearizable reads.
/// </remarks>
public sealed partial class SuspendAwareTime : TimeProvider
{
    private const int LinuxBootTime = 7;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly bool _isBootTime;

    private SuspendAwareTime() => _isBootTime = OperatingSystem.IsLinux() && TryReadBootTime(out _);

    /// <summary>The one of this process.</summary>
    public static SuspendAwareTime Instance { get; } = new();

    /// <summary>Whether the monotonic clock counts the time that the machine was suspended.</summary>
    public bool CountsSuspend => _isBootTime || OperatingSystem.IsWindows();

    /// <summary>Units of <see cref="GetTimestamp"/> in a second: nanoseconds where time in suspend is counted on Linux, the framework's elsewhere.</summary>
    public override long TimestampFrequency => _isBootTime ? NanosecondsPerSecond : base.TimestampFrequency;

    /// <summary>The monotonic clock. It counts from a beginning of its own, so only the difference of two readings means anything. Any thread.</summary>
    public override long GetTimestamp() => _isBootTime && TryReadBootTime(out long nanoseconds) ? nanoseconds : base.GetTimestamp();

    private static bool TryReadBootTime(out long nanoseconds)
    {
        nanoseconds = 0;
        if (ClockGetTime(LinuxBootTime, out TimeSpec read) != 0)
        {
            return false;
        }

        nanoseconds = (read.Seconds * NanosecondsPerSecond) + read.Nanoseconds;
        return true;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    [SuppressMessage("Performance", "CA1823", Justification = "The layout is the system's.")]
    private struct TimeSpec
    {
        internal nint Seconds;
        internal nint Nanoseconds;
    }
}
