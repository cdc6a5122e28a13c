using Microsoft.AspNetCore.Http;

namespace Graft.Server;

/// <summary>How many bytes of requests are in memory at once. One request has a limit; without this one as many clients as there are could each use it up.</summary>
/// <param name="max">In bytes.</param>
internal sealed class BodyBudget(long max)
{
    private long _used;

    /// <summary>Takes some more.</summary>
    /// <exception cref="RequestRefusedException">There is no room; try again.</exception>
    internal void Take(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) > max)
        {
            Give(bytes);
            throw new RequestRefusedException(StatusCodes.Status503ServiceUnavailable, "too many bytes of requests are under way; try again");
        }
    }

    internal void Give(long bytes) => Interlocked.Add(ref _used, -bytes);
}
