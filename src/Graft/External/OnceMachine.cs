using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Graft;

/// <summary>A program that is run once for each evaluation (docs/internals/external-machines.md).</summary>
#pragma warning disable CA1001 // The source has neither a timer nor a wait handle, and Abandon may come after the end.
internal sealed class OnceMachine(IProgramHost host, ExternalOptions options) : IStateMachine, IMachineStart, IMachineStop
#pragma warning restore CA1001
{
    /// <summary>What a command or query may have as a string in JSON. One argument has at most 128 KiB on Linux, so the limit is the same everywhere.</summary>
    internal const int DataBytesMax = 120_000;

    private const int Init = 1;
    private const int Query = 2;
    private const int Command = 3;

    // What a shell keeps for itself: not executable, not found, killed by a signal. None of them says anything of the command.
    private const int StatusMax = 125;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly CancellationTokenSource _abandoned = new();
    private string _id = "";

    public async ValueTask StartAsync(MachineContext context)
    {
        _id = options.Id ?? context.Node.Value.ToString("x16", CultureInfo.InvariantCulture);
        if (context.Group != GraftNode.DefaultGroup)
        {
            _id = $"{_id}-{context.Group}";
        }

        ExternalAnswer begun = await EvaluateAsync(default, Init);
        if (begun.IsError)
        {
            throw new ExternalProgramException($"{host} didn't begin (type {Init}): it ended with status {begun.Status}. {begun.Text}");
        }
    }

    public async ValueTask ApplyAsync(CommandBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            batch.Answer(i, (await EvaluateAsync(batch[i], Command)).Encode());
        }
    }

    public async ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation) =>
        (await EvaluateAsync(query, Query)).Encode();

    public ValueTask<IStateImage> CaptureAsync() =>
        throw new NotSupportedException("A program that is run once for each evaluation takes no snapshots; its log stays whole.");

    public ValueTask RestoreAsync(Stream image) =>
        throw new NotSupportedException("A program that is run once for each evaluation can't take a snapshot's state. It was written by another state machine.");

    // Left running, it would write into the state of the node's next life.
    public void Abandon() => _abandoned.Cancel();

    public override string ToString() => $"{host}";

    private async ValueTask<ExternalAnswer> EvaluateAsync(ReadOnlyMemory<byte> data, int type)
    {
        string text;
        try
        {
            text = Strict.GetString(data.Span);
        }
        catch (DecoderFallbackException)
        {
            return ExternalAnswer.Refusal(1, "It isn't UTF-8 text, and a program that is run once for each evaluation takes nothing else.");
        }

        // Measured without the id, which differs from node to node: all of them have to refuse alike.
        var encoded = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(encoded, ExternalText.Plain))
        {
            json.WriteStringValue(text);
        }

        if (encoded.WrittenCount > DataBytesMax)
        {
            return ExternalAnswer.Refusal(1, $"It has {encoded.WrittenCount} bytes in JSON; an argument takes {DataBytesMax}. A long-lived program takes more.");
        }

        ProgramEnd end = await host.RunAsync(Argument(text, type), _abandoned.Token);
        return end.Status switch
        {
            0 => new ExternalAnswer(0, end.Output),
            > 0 and <= StatusMax => new ExternalAnswer((byte)end.Status, end.Errors),
            _ => throw new ExternalProgramException(
                $"{host} ended with status {end.Status}: it was killed or couldn't run. {Encoding.UTF8.GetString(end.Errors.Span).Trim()}"),
        };
    }

    private string Argument(string data, int type)
    {
        var argument = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(argument, ExternalText.Plain))
        {
            json.WriteStartObject();
            json.WriteString("id", _id);
            json.WriteString("data", data);
            json.WriteNumber("type", type);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(argument.WrittenSpan);
    }
}
