namespace Graft.Storage;

/// <summary>How a file is opened.</summary>
public enum DiskAccess
{
    /// <summary>It exists, and is read.</summary>
    Read,

    /// <summary>It exists, and is read and written.</summary>
    ReadWrite,

    /// <summary>It doesn't exist, and is read and written.</summary>
    Create,
}
