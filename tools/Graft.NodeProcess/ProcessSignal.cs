using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Graft.NodeProcess;

/// <summary>Signals to a process that this one has started; <see cref="Process"/> itself knows only SIGKILL.</summary>
internal static partial class ProcessSignal
{
    internal const int Interrupt = 2;
    internal const int Terminate = 15;
    internal const int Continue = 18;
    internal const int Stop = 19;

    internal static void Send(Process process, int signal)
    {
        if (Send(process.Id, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Send(int process, int signal);
}
