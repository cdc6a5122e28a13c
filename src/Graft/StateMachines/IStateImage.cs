namespace Graft;

/// <summary>A captured state: what later commands do doesn't change it. Disposed when it has been written, or won't be.</summary>
public interface IStateImage : IDisposable
{
    /// <summary>Writes it, for <see cref="IStateMachine.RestoreAsync"/>. Runs beside the state machine.</summary>
    /// <remarks>If it throws, no snapshot is taken: the log stays, and the next occasion tries again with another image.</remarks>
    /// <param name="image">Where to; it blocks while the disk does.</param>
    /// <param name="cancellation">The node is stopping, or the snapshot isn't wanted any more.</param>
    ValueTask WriteAsync(Stream image, CancellationToken cancellation);
}
