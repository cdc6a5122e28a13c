namespace Graft.Storage;

/// <summary>A data directory is somebody else's, newer than this program, in use, or holds more than the options have room for. Nothing in it was lost.</summary>
public sealed class StorageRefusedException : Exception
{
    internal StorageRefusedException(string message)
        : base(message)
    {
    }
}
