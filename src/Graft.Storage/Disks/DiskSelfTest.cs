using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

/// <summary>Asks at the start of a process, on the directory that it's going to trust, whether a flush can be believed.</summary>
/// <remarks>
/// <para>
/// <b>What it shows.</b> Files can be created, written, flushed, read back through a second handle and deleted there;
/// directories can be flushed, which some network and user-space file systems refuse; on macOS, the file system has
/// F_FULLFSYNC. And a flush that fails arrives as an exception: one is made to fail, through the same code as all others, on a
/// handle that has no flush. A runtime, a library or a build that swallows the result (.NET 10.0's own flush does, on
/// Linux) is found here, before the first promise.
/// </para>
/// <para>
/// <b>What it can't show.</b> That a flush which succeeds reached the medium: a drive, a controller or a hypervisor that
/// acknowledges from volatile memory passes, and only a power cut tells. That an error of the device is reported: without
/// privileges none can be provoked; tests inject EIO and ENOSPC into this code instead. The bytes read back come from the
/// page cache, so that they're equal says that reads and writes agree and nothing about the medium. On Windows the test of
/// directories is empty, as their flush is.
/// </para>
/// </remarks>
public static class DiskSelfTest
{
    private const string FileName = "self-test";

    /// <summary>Runs the test. It creates the root if there's none, and a file named <c>self-test</c> that it deletes again.</summary>
    /// <remarks>Call it with the lock of the directory held: two at once would take each other's file away. It blocks until the disk has answered.</remarks>
    /// <param name="disk">The data directory.</param>
    /// <returns>What was found. A disk that fails the test, in whatever way, is told here and not thrown.</returns>
    public static DiskSelfTestResult Run(FileDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        try
        {
            return new DiskSelfTestResult(WriteAndReadBack(disk) ?? FailAFlush(disk) ?? CleanUp(disk));
        }
        catch (DiskException failure)
        {
            return new DiskSelfTestResult($"The data directory can't be trusted with data. {failure.Message}");
        }
    }

    private static string? WriteAndReadBack(FileDisk disk)
    {
        byte[] text = Encoding.UTF8.GetBytes("Graft writes this file to see whether the directory can be trusted, and deletes it.\n");
        disk.CreateDirectory("");
        if (disk.FileExists(FileName))
        {
            disk.Delete(FileName);
        }

        using (IDiskFile file = disk.Open(FileName, DiskAccess.Create))
        {
            file.Write([text.AsMemory(0, 10), text.AsMemory(10)], 0);
            file.Flush();
        }

        disk.FlushDirectory("");
        byte[] found = new byte[text.Length + 1];
        using IDiskFile again = disk.Open(FileName, DiskAccess.Read);
        int length = again.Read(found, 0);
        return found.AsSpan(0, length).SequenceEqual(text)
            ? null
            : $"The data directory can't be trusted with data. {text.Length} bytes were written and flushed, and {length} came back that differ from them.";
    }

    private static string? FailAFlush(FileDisk disk)
    {
        SystemResult opened = disk.OpenUnflushable(FileName, out SafeFileHandle handle);
        using MachineFile file = new(disk.Calls, handle, "the handle of the self-test");
        if (opened.Failed)
        {
            return $"Whether a failed flush is reported could not be tested: {disk.Calls.Describe(opened.Error)}.";
        }

        try
        {
            file.Flush();
        }
        catch (DiskException)
        {
            return null;
        }

        return "A flush that must fail succeeded: this runtime or its C library swallows the result, and no flush can be believed.";
    }

    private static string? CleanUp(FileDisk disk)
    {
        disk.Delete(FileName);
        disk.FlushDirectory("");
        return null;
    }
}
