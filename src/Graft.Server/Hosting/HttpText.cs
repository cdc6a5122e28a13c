using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Graft.Server;

/// <summary>Bodies of answers.</summary>
internal static class HttpText
{
    /// <summary>A sentence, with a line's end behind it as the dialect has it. The status is set already.</summary>
    internal static Task WriteAsync(HttpContext context, string text, string type = "text/plain; charset=utf-8") =>
        WriteAsync(context, type, Encoding.UTF8.GetBytes(text.EndsWith('\n') ? text : $"{text}\n"));

    /// <summary>JSON, written whole: its length is told, and an error on the way is no half answer.</summary>
    internal static Task WriteJsonAsync(HttpContext context, Action<IBufferWriter<byte>> write)
    {
        var body = new ArrayBufferWriter<byte>(512);
        write(body);
        return WriteAsync(context, "application/json; charset=utf-8", body.WrittenMemory);
    }

    private static async Task WriteAsync(HttpContext context, string type, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }
}
