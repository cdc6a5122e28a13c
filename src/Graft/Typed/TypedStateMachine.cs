using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Graft;

/// <summary>A typed state machine behind the contract in bytes; commands and answers travel as JSON.</summary>
internal sealed class TypedStateMachine<TCommand, TResult>(
    IStateMachine<TCommand, TResult> machine, JsonTypeInfo<TCommand> commands, JsonTypeInfo<TResult> results) : IStateMachine, IDigest
{
    internal IStateMachine<TCommand, TResult> Machine => machine;

    public override string ToString() => machine.ToString() ?? typeof(TCommand).Name;

    public ValueTask ApplyAsync(CommandBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            TCommand? command = JsonSerializer.Deserialize(batch[i].Span, commands);
            batch.Answer(i, JsonSerializer.SerializeToUtf8Bytes(machine.Apply(command!, batch.At(i)), results));
        }

        return default;
    }

    public ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation) =>
        throw new NotSupportedException("A typed state machine is asked through RaftNode.ReadAsync, on the node that it lives on.");

    public ValueTask<IStateDigest?> BeginDigestAsync() => machine is IDigest digested ? digested.BeginDigestAsync() : default;

    public ValueTask<IStateImage> CaptureAsync()
    {
        var saved = new MemoryStream();
        machine.Save(saved);
        return ValueTask.FromResult<IStateImage>(new Image(saved));
    }

    public ValueTask RestoreAsync(Stream image)
    {
        machine.Load(image);
        return default;
    }

    private sealed class Image(MemoryStream saved) : IStateImage
    {
        public async ValueTask WriteAsync(Stream image, CancellationToken cancellation) =>
            await image.WriteAsync(saved.GetBuffer().AsMemory(0, (int)saved.Length), cancellation);

        public void Dispose() => saved.Dispose();
    }
}
