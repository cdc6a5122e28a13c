namespace Graft;

/// <summary>A digest that has been begun: of the state as it was then. Disposed when it has been computed, or won't be.</summary>
public interface IStateDigest : IDisposable
{
    /// <summary>Computes it. Runs beside the state machine, on a thread that may be kept busy.</summary>
    /// <remarks>If it throws, this node takes no part in this comparison. The state machine goes on.</remarks>
    /// <param name="cancellation">The node is stopping.</param>
    /// <returns>
    /// The same number on every node with the same state, however it came to it: by commands, by a snapshot, on another machine. So
    /// neither addresses nor the order of a hash table may have a part in it.
    /// </returns>
    ValueTask<UInt128> ComputeAsync(CancellationToken cancellation);
}
