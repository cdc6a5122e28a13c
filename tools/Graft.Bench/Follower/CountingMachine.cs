namespace Graft.Bench.Follower;

/// <summary>Looks at its commands and keeps nothing of them.</summary>
internal sealed class CountingMachine : IStateMachine
{
    private long _bytes;

    /// <summary>Bytes of all commands.</summary>
    internal long Bytes => Volatile.Read(ref _bytes);

    public ValueTask ApplyAsync(CommandBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            _bytes += batch[i].Length;
        }

        return default;
    }

    public ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation) => new(query);

    public ValueTask<IStateImage> CaptureAsync() => new(new Nothing());

    public ValueTask RestoreAsync(Stream image) => default;

    // There is no state, so there's nothing of it to write.
    private sealed class Nothing : IStateImage
    {
        public ValueTask WriteAsync(Stream image, CancellationToken cancellation) => default;

        public void Dispose()
        {
        }
    }
}
