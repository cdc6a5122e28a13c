using System.Runtime.ExceptionServices;

namespace Graft;

/// <summary>Things that have been begun together, waited for in turn: what the framework has for this leaves the scheduling context.</summary>
internal static class Together
{
    /// <summary>Ends when all have ended. What one of them has failed by is thrown then, rather than that others were cancelled.</summary>
    internal static async Task EndAsync(IEnumerable<Task> begun)
    {
        Exception? failure = null;
        foreach (Task each in (Task[])[.. begun])
        {
            try
            {
                await each;
            }
#pragma warning disable CA1031 // It's thrown below: whoever gives up at the first leaves the others alone with what they were given.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                failure = failure is null or OperationCanceledException ? thrown : failure;
            }
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>What all of them came to, in their order.</summary>
    internal static async Task<T[]> EndAsync<T>(IEnumerable<Task<T>> begun)
    {
        Task<T>[] all = [.. begun];
        await EndAsync((IEnumerable<Task>)all);
        var results = new T[all.Length];
        for (int i = 0; i < all.Length; i++)
        {
            results[i] = await all[i];
        }

        return results;
    }
}
