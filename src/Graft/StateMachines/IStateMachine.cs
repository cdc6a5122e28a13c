namespace Graft;

/// <summary>What the replicated commands act on. Kept in memory, and rebuilt at each start from a snapshot and the log behind it.</summary>
/// <remarks>
/// <para>Nothing here is called while another call of it runs, <see cref="IStateImage.WriteAsync"/> excepted.</para>
/// <para>
/// The same commands in the same order have to give the same state and the same answers on every node. A command that can't be
/// carried out gives an answer that says so. An exception means that <em>this node</em> can't go on: it applies nothing further
/// (<see cref="ApplyHaltedException"/>). <see cref="QueryAsync"/> is excepted: its exceptions are its asker's.
/// </para>
/// <para>Disposed when the group ends on its node, if it is <see cref="IAsyncDisposable"/> or <see cref="IDisposable"/>.</para>
/// </remarks>
public interface IStateMachine
{
    /// <summary>Applies committed commands, in order, each exactly once since the state that the machine began with.</summary>
    /// <param name="batch">The commands; their answers go into it. Valid until the call ends.</param>
    ValueTask ApplyAsync(CommandBatch batch);

    /// <summary>Answers a question about the state as it is now, and changes nothing.</summary>
    /// <param name="query">What is asked, in the application's own terms.</param>
    /// <param name="cancellation">The asker has given up.</param>
    /// <returns>The answer: bytes that nobody changes any more.</returns>
    /// <exception cref="OperationCanceledException">Ends the call as cancelled. Any other exception reaches the asker as a <see cref="QueryFailedException"/>; the machine goes on.</exception>
    ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation);

    /// <summary>Captures the state as it is now, quickly: commands wait meanwhile. It's written while they go on.</summary>
    /// <exception cref="NotSupportedException">
    /// It takes no snapshots, or none now. The log stays whole, so a start applies all of it; it's asked again once as much has been applied as before.
    /// </exception>
    ValueTask<IStateImage> CaptureAsync();

    /// <summary>Replaces the state by one that was written by <see cref="IStateImage.WriteAsync"/>, here or on another node.</summary>
    /// <param name="image">Its bytes, each verified before it's handed out; nothing follows them. Reading may fail in the middle: let the exception out, and nobody asks the half restored state.</param>
    ValueTask RestoreAsync(Stream image);
}
