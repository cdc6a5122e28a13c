namespace Graft.Server;

/// <summary>A request that can't be what its sender meant. Nothing was done.</summary>
/// <param name="status">The status to answer with.</param>
/// <param name="message">What is wrong; rqlite's words where it has some.</param>
internal sealed class RequestRefusedException(int status, string message) : Exception(message)
{
    internal RequestRefusedException(string message)
        : this(400, message)
    {
    }

    internal int Status => status;
}
