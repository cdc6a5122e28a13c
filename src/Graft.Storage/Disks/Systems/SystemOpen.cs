namespace Graft.Storage;

/// <summary>What a handle is opened for.</summary>
internal enum SystemOpen
{
    Read,
    ReadWrite,

    /// <summary>It doesn't exist yet.</summary>
    Create,

    /// <summary>It's created if it doesn't exist.</summary>
    Lock,

    Directory,
}
