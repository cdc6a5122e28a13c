namespace Graft.Storage;

/// <summary>A data directory is somebody else's, newer than this program, or in use. Nothing in it was changed.</summary>
public sealed class StorageRefusedException : Exception
{
    internal StorageRefusedException(string message)
        : base(message)
    {
    }
}
