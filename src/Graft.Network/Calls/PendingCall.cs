namespace Graft.Network;

/// <summary>A request that waits for its answer.</summary>
internal sealed class PendingCall(ulong position, Action<ReadOnlyMemory<byte>>? onItem)
{
    /// <summary>Where the request ends in what is sent; see <see cref="Outbox.TakenPosition"/>.</summary>
    internal ulong Position { get; } = position;

    internal Action<ReadOnlyMemory<byte>>? OnItem { get; } = onItem;

    internal TaskCompletionSource<CallReply> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
