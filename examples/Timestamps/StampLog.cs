using System.Text.Json;
using Graft;

/// <summary>Every timestamp, in the order of the log. A command is one of them, as JSON.</summary>
internal sealed class StampLog : IStateMachine
{
    private List<Stamp> _stamps = [];

    internal int Size => _stamps.Count;

    /// <summary>The one at an index, from 1.</summary>
    internal Stamp this[int index] => _stamps[index - 1];

    internal static byte[] Encode(Stamp stamp) => JsonSerializer.SerializeToUtf8Bytes(stamp);

    public ValueTask ApplyAsync(CommandBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            _stamps.Add(JsonSerializer.Deserialize<Stamp>(batch[i].Span)!);
        }

        return default;
    }

    public ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation) =>
        throw new NotSupportedException("It's looked at where it is, and not asked.");

    public ValueTask<IStateImage> CaptureAsync() => ValueTask.FromResult<IStateImage>(new Image([.. _stamps]));

    public async ValueTask RestoreAsync(Stream image) => _stamps = await JsonSerializer.DeserializeAsync<List<Stamp>>(image) ?? [];

    private sealed class Image(Stamp[] stamps) : IStateImage
    {
        public ValueTask WriteAsync(Stream image, CancellationToken cancellation) =>
            new(JsonSerializer.SerializeAsync(image, stamps, cancellationToken: cancellation));

        public void Dispose()
        {
        }
    }
}
