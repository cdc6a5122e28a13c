using System.Globalization;
using System.Text;

namespace Graft.Server.Tests;

/// <summary>A client that says what it got in a line.</summary>
internal sealed class HttpCaller : IDisposable
{
    private readonly HttpClient _client;

    internal HttpCaller(Uri server, HttpMessageHandler handler) => _client = new HttpClient(handler) { BaseAddress = server };

    /// <summary>Asks, and gives status and body with a blank between.</summary>
    internal async Task<string> AskAsync(HttpMethod method, string path, string? body = null, string type = "application/json", params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage response = await SendAsync(method, path, body, type, headers);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {text}").TrimEnd();
    }

    internal Task<string> GetAsync(string path) => AskAsync(HttpMethod.Get, path);

    internal Task<string> PostAsync(string path, string body = "") => AskAsync(HttpMethod.Post, path, body);

    internal async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body = null, string type = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await _client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Posts bytes, and gives status and body with a blank between.</summary>
    internal async Task<string> SendBytesAsync(string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/octet-stream");
        using HttpResponseMessage response = await _client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {text}").TrimEnd();
    }

    /// <summary>A header of an answer; null if it isn't there.</summary>
    internal static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values) : null;

    public void Dispose() => _client.Dispose();
}
