using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Graft;

/// <summary>A program that is spoken to in lines of JSON (docs/internals/external-machines.md).</summary>
/// <remarks>One request at a time, each answered before the next. Once something of the contract is broken, nothing is asked any more.</remarks>
internal sealed class LongLivedMachine(IProgramHost host) : IStateMachine, IDigest, IMachineStart, IMachineStop, IAsyncDisposable
{
    internal const int Protocol = 1;

    // Of a snapshot on its way back, in characters or bytes: a line that no program's library has trouble with.
    private const int ChunkMax = 256 << 10;

    private IProgram? _program;
    private ExternalProgramException? _broken;

    // Answers to questions that nobody waits for any more. They come before anything else does.
    private int _owed;
    private bool _hasSnapshots;
    private bool _hasDigests;

    public async ValueTask StartAsync(MachineContext context)
    {
        _program = host.Start();
        using JsonDocument hello = await AskAsync("hello", json =>
        {
            json.WriteNumber("protocol", Protocol);
            json.WriteString("cluster", context.Cluster.ToString());
            json.WriteString("node", context.Node.ToString());
            json.WriteNumber("group", context.Group.Value);
        });
        if (!hello.RootElement.TryGetProperty("protocol", out JsonElement spoken) || !spoken.TryGetInt32(out int protocol) || protocol != Protocol)
        {
            throw Break($"it answers a hello of protocol {Protocol} with {hello.RootElement}");
        }

        _hasSnapshots = IsTrue(hello.RootElement, "snapshot");
        _hasDigests = IsTrue(hello.RootElement, "digest");
    }

    public async ValueTask ApplyAsync(CommandBatch batch)
    {
        using JsonDocument reply = await AskAsync("apply", json =>
        {
            json.WriteStartArray("commands");
            for (int i = 0; i < batch.Count; i++)
            {
                AppliedAt at = batch.At(i);
                json.WriteStartObject();
                json.WriteNumber("index", at.Index.Value);
                json.WriteNumber("time", (at.Time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
                json.WriteString("seed", at.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
                ExternalText.Write(json, "data", batch[i].Span);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        JsonElement answers = Property(reply, "answers", JsonValueKind.Array);
        if (answers.GetArrayLength() != batch.Count)
        {
            throw Break($"it was told {batch.Count} commands and gives {answers.GetArrayLength()} answers");
        }

        for (int i = 0; i < batch.Count; i++)
        {
            batch.Answer(i, AnswerIn(answers[i]).Encode());
        }
    }

    public async ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        using JsonDocument reply = await AskAsync("query", json => ExternalText.Write(json, "data", query.Span), isQuestion: true, cancellation);
        return AnswerIn(reply.RootElement.TryGetProperty("answer", out JsonElement answer) ? answer : reply.RootElement).Encode();
    }

    public async ValueTask<IStateImage> CaptureAsync()
    {
        if (!_hasSnapshots)
        {
            throw new NotSupportedException($"{host} takes no snapshots (it said so in its hello); its log stays whole.");
        }

        var content = new MemoryStream();
        content.WriteByte(0);
        bool? isText = null;
        string request = "snapshot";
        for (bool isEnd = false; !isEnd; request = "")
        {
            using JsonDocument reply = await AskAsync(request, static _ => { });
            if (!ExternalText.TryRead(reply.RootElement, "chunk", out byte[] chunk, out bool isChunkText) || isText == !isChunkText)
            {
                throw Break($"it gives no chunk of a snapshot, or one unlike those before: {Shorten(reply)}");
            }

            isText = isChunkText;
            Append(content, chunk);
            isEnd = IsTrue(reply.RootElement, "end");
        }

        content.GetBuffer()[0] = isText == true ? (byte)1 : (byte)0;
        return new Image(content);
    }

    public async ValueTask RestoreAsync(Stream image)
    {
        using var content = new MemoryStream();
        await image.CopyToAsync(content, CancellationToken.None);
        ReadOnlyMemory<byte> rest = content.GetBuffer().AsMemory(0, checked((int)content.Length));
        if (rest.IsEmpty || rest.Span[0] > 1)
        {
            throw new ExternalProgramException("The snapshot was written by another state machine.");
        }

        bool isText = rest.Span[0] == 1;
        rest = rest[1..];
        while (true)
        {
            int length = isText ? ExternalText.LengthOfText(rest.Span, ChunkMax) : Math.Min(rest.Length, ChunkMax);
            ReadOnlyMemory<byte> chunk = rest[..length];
            rest = rest[length..];
            bool isEnd = rest.IsEmpty;
            using JsonDocument reply = await AskAsync("restore", json =>
            {
                ExternalText.Write(json, "chunk", chunk.Span, isText);
                json.WriteBoolean("end", isEnd);
            });
            if (!IsTrue(reply.RootElement, "ok"))
            {
                throw Break($"it answers a restore with {Shorten(reply)}");
            }

            if (isEnd)
            {
                return;
            }
        }
    }

    public async ValueTask<IStateDigest?> BeginDigestAsync()
    {
        if (!_hasDigests)
        {
            return null;
        }

        using JsonDocument reply = await AskAsync("digest", static _ => { });
        return StateDigest.Of(StateDigest.Of(Encoding.UTF8.GetBytes(Property(reply, "digest", JsonValueKind.String).GetString()!)));
    }

    public void Abandon() => _program?.Kill();

    public ValueTask DisposeAsync() => _program?.DisposeAsync() ?? default;

    public override string ToString() => $"{host}";

    // An operation without a name asks for the next line of the last answer.
    private async ValueTask<JsonDocument> AskAsync(
        string operation, Action<Utf8JsonWriter> write, bool isQuestion = false, CancellationToken cancellation = default)
    {
        if (_broken is { } broken)
        {
            throw broken;
        }

        bool isAsked = false;
        try
        {
            for (; _owed > 0; _owed--)
            {
                await _program!.ReadLineAsync(cancellation);
            }

            if (operation.Length > 0)
            {
                await _program!.WriteAsync(Line(operation, write));
            }

            isAsked = true;
            ReadOnlyMemory<byte> line = await _program!.ReadLineAsync(cancellation);
            JsonDocument reply = Parse(line);
            if (reply.RootElement.TryGetProperty("fatal", out JsonElement fatal))
            {
                throw Break($"it says that it can't go on: {fatal}");
            }

            return reply;
        }
        catch (Exception late) when (isQuestion && late is OperationCanceledException or ExternalProgramException { IsLate: true })
        {
            // A question changes nothing. It concerns its asker alone, though whoever comes next waits for the rest of it.
            _owed += isAsked ? 1 : 0;
            throw;
        }
        catch (ExternalProgramException failure)
        {
            // What it did of this isn't known, and what it says next may belong to this.
            _broken = failure;
            throw;
        }
    }

    private static ReadOnlyMemory<byte> Line(string operation, Action<Utf8JsonWriter> write)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line, ExternalText.Plain))
        {
            json.WriteStartObject();
            json.WriteString("op", operation);
            write(json);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenMemory;
    }

    private JsonDocument Parse(ReadOnlyMemory<byte> line)
    {
        JsonDocument document;
        try
        {
            // The line is the program's buffer.
            document = JsonDocument.Parse(line.ToArray());
        }
        catch (JsonException malformed)
        {
            throw Break($"it writes a line that isn't JSON: {Shorten(Encoding.UTF8.GetString(line.Span))} ({malformed.Message})");
        }

        return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw Break($"it writes a line that is no object: {Shorten(document)}");
    }

    private JsonElement Property(JsonDocument reply, string name, JsonValueKind kind) =>
        reply.RootElement.TryGetProperty(name, out JsonElement value) && value.ValueKind == kind
            ? value
            : throw Break($"its answer has no \"{name}\", or not of kind {kind}: {Shorten(reply)}");

    private ExternalAnswer AnswerIn(JsonElement answer)
    {
        if (answer.ValueKind == JsonValueKind.String)
        {
            return new ExternalAnswer(0, Encoding.UTF8.GetBytes(answer.GetString()!));
        }

        if (answer.ValueKind == JsonValueKind.Object)
        {
            if (answer.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.String)
            {
                return ExternalAnswer.Refusal(1, error.GetString()!);
            }

            if (ExternalText.TryRead(answer, "", out byte[] bytes, out _))
            {
                return new ExternalAnswer(0, bytes);
            }
        }

        throw Break($"it gives an answer that is neither a string, nor base64, nor an error: {Shorten(answer.GetRawText())}");
    }

    private ExternalProgramException Break(string what) => _broken = new ExternalProgramException($"{host} breaks the protocol: {what}.");

    // Memory: it waits for nobody.
    private static void Append(MemoryStream content, byte[] chunk) => content.Write(chunk);

    private static bool IsTrue(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static string Shorten(JsonDocument reply) => Shorten(reply.RootElement.GetRawText());

    private static string Shorten(string text) => text.Length <= 200 ? text : $"{text[..200]}…";

    private sealed class Image(MemoryStream content) : IStateImage
    {
        public async ValueTask WriteAsync(Stream image, CancellationToken cancellation) =>
            await image.WriteAsync(content.GetBuffer().AsMemory(0, (int)content.Length), cancellation);

        public void Dispose() => content.Dispose();
    }
}
