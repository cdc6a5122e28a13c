using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Graft;

/// <summary>A typed state machine behind the contract in bytes; commands and answers travel as JSON.</summary>
internal sealed class TypedStateMachine<TCommand, TResult>(
    IStateMachine<TCommand, TResult> machine, JsonTypeInfo<TCommand> commands, JsonTypeInfo<TResult> results) : IStateMachine, IDigest
{
    // To all nodes and versions the same bytes: what a parser says of its trouble is not.
    private static readonly ReadOnlyMemory<byte> NotUnderstood =
        Encoding.UTF8.GetBytes("""{"error":"The command isn't JSON of the type that this state machine takes. Nothing was done."}""");

    internal IStateMachine<TCommand, TResult> Machine => machine;

    public override string ToString() => machine.ToString() ?? typeof(TCommand).Name;

    public ValueTask ApplyAsync(CommandBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            batch.Answer(i, TryRead(batch[i].Span, out TCommand? command)
                ? JsonSerializer.SerializeToUtf8Bytes(machine.Apply(command, batch.At(i)), results)
                : NotUnderstood);
        }

        return default;
    }

    // Anybody who may write can send bytes that are no command. A machine that threw at them would stop on every node, and again at
    // each start, for they are in the log for good.
    private bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out TCommand? command)
    {
        try
        {
            command = JsonSerializer.Deserialize(bytes, commands);
            return command is not null;
        }
        catch (Exception none) when (none is JsonException or NotSupportedException or FormatException or InvalidOperationException or ArgumentException)
        {
            command = default;
            return false;
        }
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
