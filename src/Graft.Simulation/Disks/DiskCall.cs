namespace Graft.Simulation.Disks;

/// <summary>A kind of call to a disk, for counting and for planning faults.</summary>
public enum DiskCall
{
    CreateDirectory,
    ListFiles,
    ListDirectories,
    FileExists,

    /// <summary>Opening a file that exists.</summary>
    Open,

    /// <summary>Opening a file that doesn't exist yet.</summary>
    Create,

    Rename,
    Delete,
    FlushDirectory,
    Lock,
    Read,
    Write,
    Flush,
    SetLength,
}
