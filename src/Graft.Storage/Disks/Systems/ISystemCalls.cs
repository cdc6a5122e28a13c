using Microsoft.Win32.SafeHandles;

namespace Graft.Storage;

/// <summary>
/// The system calls behind <see cref="FileDisk"/>, one call each: an interrupted or short one is the caller's to continue,
/// so that the loops are written once and tested without the system they run on.
/// </summary>
internal unsafe interface ISystemCalls
{
    /// <summary>How many pieces <see cref="Write"/> takes at once.</summary>
    int PiecesMax { get; }

    /// <summary>How many bytes <see cref="Write"/> takes at once, in all of its pieces.</summary>
    long BytesMax { get; }

    /// <summary>No handle survives into a child process: a lock would outlive its holder.</summary>
    SystemResult Open(string path, SystemOpen how, out SafeFileHandle handle);

    /// <summary>Zero bytes are the end of the file.</summary>
    SystemResult Read(SafeFileHandle handle, byte* buffer, int length, long offset);

    /// <summary>At least one piece; none is empty.</summary>
    SystemResult Write(SafeFileHandle handle, IoVector* pieces, int count, long offset);

    SystemResult Flush(SafeFileHandle handle);

    SystemResult FlushDirectory(SafeFileHandle handle);

    SystemResult SetLength(SafeFileHandle handle, long length);

    SystemResult Length(SafeFileHandle handle);

    /// <summary>Doesn't wait. The lock belongs to this handle, not to the process, and ends with it.</summary>
    SystemResult Lock(SafeFileHandle handle);

    /// <summary>
    /// Ends a lock before its handle is closed. Between a fork and its exec a child of this process holds every handle of ours: a
    /// lock that only ended with the last of them would outlive its holder by as long as that takes.
    /// </summary>
    SystemResult Unlock(SafeFileHandle handle);

    /// <summary>Opens something that has no flush, which therefore must fail on it.</summary>
    /// <param name="file">A file of ours that exists, for a system on which that takes one.</param>
    /// <param name="handle">What was opened.</param>
    SystemResult OpenUnflushable(string file, out SafeFileHandle handle);

    SystemResult Exists(string path);

    SystemResult Rename(string path, string newPath);

    SystemResult Delete(string path);

    /// <summary>One directory, not those above it.</summary>
    SystemResult CreateDirectory(string path);

    /// <summary>True if the call did nothing and wants to be made again.</summary>
    bool IsInterrupted(int error);

    DiskError Classify(int error);

    /// <summary>The system's message and number.</summary>
    string Describe(int error);
}
