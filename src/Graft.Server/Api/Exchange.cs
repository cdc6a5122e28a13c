using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Graft.Server;

/// <summary>One request, with its parameters read.</summary>
internal sealed class Exchange(HttpContext context, QueryParameters parameters, ServerOptions options, BodyBudget bodies) : IDisposable
{
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private long _bodyBytes;

    internal HttpContext Http => context;

    internal HttpRequest Request => context.Request;

    internal HttpResponse Response => context.Response;

    internal QueryParameters Parameters => parameters;

    /// <summary>The client has gone.</summary>
    internal CancellationToken Gone => context.RequestAborted;

    /// <summary>How long the whole may take.</summary>
    internal TimeSpan Timeout => parameters.Duration("timeout") is { } timeout && timeout > TimeSpan.Zero ? timeout : options.DefaultTimeout;

    /// <summary>How long it has taken, if that was asked for.</summary>
    internal TimeSpan? Elapsed => parameters.Has("timings") ? TimeProvider.System.GetElapsedTime(_began) : null;

    internal bool WantsLines => parameters.Find("format") == "ndjson"
        || (parameters.Find("format") is null && Request.Headers.Accept.ToString().Contains("application/x-ndjson", StringComparison.OrdinalIgnoreCase));

    internal void SetHeader(string name, string value) => Response.Headers[name] = value;

    internal void SetHeader(string name, ulong value) => SetHeader(name, value.ToString(CultureInfo.InvariantCulture));

    internal async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync()
    {
        var body = new ArrayBufferWriter<byte>((int)Math.Clamp(Request.ContentLength ?? 256, 1, 1 << 20));
        while (true)
        {
            ReadResult read = await Request.BodyReader.ReadAsync(Gone);
            bodies.Take(read.Buffer.Length);
            _bodyBytes += read.Buffer.Length;
            if (_bodyBytes > options.RequestBytesMax)
            {
                throw new RequestRefusedException(StatusCodes.Status413PayloadTooLarge, $"the body is longer than {options.RequestBytesMax} bytes");
            }

            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                body.Write(segment.Span);
            }

            Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return body.WrittenMemory;
            }
        }
    }

    /// <summary>Nothing of the body is needed any more.</summary>
    public void Dispose() => bodies.Give(_bodyBytes);

    internal Task AnswerAsync(int status, string text)
    {
        Response.StatusCode = status;
        return HttpText.WriteAsync(context, text);
    }

    internal Task AnswerJsonAsync(Action<GoJson> write) =>
        HttpText.WriteJsonAsync(context, output => write(new GoJson(output, parameters.Has("pretty"))));
}
