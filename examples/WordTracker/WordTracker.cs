using System.Text;
using System.Text.Json;
using Graft;

/// <summary>Every word ever posted, in the order of the log. A command is a word, as it came; a query is answered with all of them.</summary>
internal sealed class WordTracker : IStateMachine
{
    private List<string> _words = [];

    public ValueTask ApplyAsync(CommandBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            _words.Add(Encoding.UTF8.GetString(batch[i].Span));
        }

        return default;
    }

    public ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation) =>
        ValueTask.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes($"[{string.Join(' ', _words)}]"));

    public ValueTask<IStateImage> CaptureAsync() => ValueTask.FromResult<IStateImage>(new Image([.. _words]));

    public async ValueTask RestoreAsync(Stream image) => _words = await JsonSerializer.DeserializeAsync<List<string>>(image) ?? [];

    private sealed class Image(string[] words) : IStateImage
    {
        public ValueTask WriteAsync(Stream image, CancellationToken cancellation) =>
            new(JsonSerializer.SerializeAsync(image, words, cancellationToken: cancellation));

        public void Dispose()
        {
        }
    }
}
