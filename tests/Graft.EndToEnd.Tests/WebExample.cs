namespace Graft.EndToEnd.Tests;

/// <summary>An example that serves HTTP, and a caller of it.</summary>
internal sealed class WebExample(ExampleProcess process, string node, HttpClient caller) : IDisposable
{
    internal ExampleProcess Process => process;

    /// <summary>Where other nodes reach it.</summary>
    internal string Node => node;

    /// <summary>Waits until it serves: its node first, then its pages.</summary>
    internal static async Task<WebExample> ServeAsync(ExampleProcess process, CancellationToken cancellation)
    {
        string node = (await process.ReadAsync("listens on ", cancellation)).TrimEnd('.');
        string pages = await process.ReadAsync("Now listening on: ", cancellation);
        return new WebExample(process, node, new HttpClient { BaseAddress = new Uri(pages) });
    }

    /// <summary>Asks, and gives status and text with a blank between, and the version if there is one.</summary>
    /// <param name="method">GET, say.</param>
    /// <param name="path">Of what.</param>
    /// <param name="body">What is sent.</param>
    /// <param name="condition">A header, with its value.</param>
    /// <param name="cancellation">The test's time is up.</param>
    internal async Task<(string Answer, string? Version)> AskAsync(
        HttpMethod method, string path, string? body, (string Name, string Value)? condition, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : new StringContent(body) };
        if (condition is { } header)
        {
            request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        }

        using HttpResponseMessage response = await caller.SendAsync(request, cancellation);
        string text = await response.Content.ReadAsStringAsync(cancellation);
        return ($"{(int)response.StatusCode} {text}".TrimEnd(), response.Headers.ETag?.Tag);
    }

    public void Dispose() => caller.Dispose();
}
