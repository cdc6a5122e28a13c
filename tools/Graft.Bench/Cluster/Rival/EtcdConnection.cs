using System.Buffers.Binary;
using System.Net;
using Google.Protobuf;

namespace Graft.Bench.Cluster.Rival;

/// <summary>Calls one member of etcd: gRPC by hand, over HTTP/2 without TLS.</summary>
/// <remarks>A message travels as <c>compressed u8 (0) · length u32, big-endian · message</c>; how a call went, its trailers say.</remarks>
internal sealed class EtcdConnection(int port) : IDisposable
{
    private const int HeadBytes = 5;

    // Shared by all clients, as our nodes' are. SocketsHttpHandler itself would open a second one only once a server allows no more streams.
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        EnableMultipleHttp2Connections = true,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
    });

    internal Uri Put { get; } = new($"http://127.0.0.1:{port}/etcdserverpb.KV/Put");

    internal Uri Range { get; } = new($"http://127.0.0.1:{port}/etcdserverpb.KV/Range");

    internal Uri Status { get; } = new($"http://127.0.0.1:{port}/etcdserverpb.Maintenance/Status");

    internal static byte[] Frame(IMessage message)
    {
        int size = message.CalculateSize();
        byte[] frame = new byte[HeadBytes + size];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(HeadBytes));
        return frame;
    }

    /// <param name="method">One of this connection's.</param>
    /// <param name="frame">A framed message.</param>
    /// <param name="parser">Of the answer.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="EtcdCallException">It was answered with an error.</exception>
    /// <exception cref="HttpRequestException">It wasn't answered.</exception>
    internal async Task<T> CallAsync<T>(Uri method, byte[] frame, MessageParser<T> parser, CancellationToken cancellation)
        where T : IMessage<T>
    {
        using var content = new ByteArrayContent(frame);
        content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        using var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellation);

        // An error without a body has no trailers of its own: they come as headers.
        string status = First(response.TrailingHeaders, "grpc-status") ?? First(response.Headers, "grpc-status") ?? $"HTTP {(int)response.StatusCode}";
        if (status != "0")
        {
            throw new EtcdCallException(status, First(response.TrailingHeaders, "grpc-message") ?? First(response.Headers, "grpc-message") ?? "");
        }

        return body.Length >= HeadBytes && body[0] == 0 && BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1)) == body.Length - HeadBytes
            ? parser.ParseFrom(body.AsSpan(HeadBytes))
            : throw new EtcdCallException(status, $"The answer of {body.Length} bytes is no message.");
    }

    /// <summary>What the member says of itself, in Prometheus' text format.</summary>
    internal async Task<string> MetricsAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{port}/metrics"));
        using HttpResponseMessage response = await _http.SendAsync(request, CancellationToken.None);
        return await response.Content.ReadAsStringAsync();
    }

    public void Dispose() => _http.Dispose();

    private static string? First(System.Net.Http.Headers.HttpHeaders headers, string name) =>
        headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;
}
