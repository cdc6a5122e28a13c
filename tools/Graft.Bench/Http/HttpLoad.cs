using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Graft.Bench.Http;

/// <summary>Closed loops of requests that insert rows.</summary>
internal static class HttpLoad
{
    private static readonly string Text = new('x', 100);

    /// <summary>Makes the table that is written to.</summary>
    /// <exception cref="BenchmarkFailedException">The server refused.</exception>
    internal static async Task PrepareAsync(Uri server, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        await PostAsync(http, new Uri(server, "/db/execute"), "[\"CREATE TABLE bench (id INTEGER PRIMARY KEY, n INTEGER, t TEXT)\"]", cancellation);
    }

    /// <summary>Runs so many clients for a while.</summary>
    /// <exception cref="BenchmarkFailedException">A request failed.</exception>
    internal static async Task<HttpRun> RunAsync(Uri server, int clients, int rows, double seconds, CancellationToken cancellation)
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = clients, UseProxy = false, UseCookies = false };
        using var http = new HttpClient(handler);
        var url = new Uri(server, rows > 1 ? "/db/execute?transaction" : "/db/execute");
        bool isMeasured = false;
        bool goesOn = true;
        List<long>[] done = [.. Enumerable.Range(0, clients).Select(static _ => new List<long>())];
        Task running = Task.WhenAll(Enumerable.Range(0, clients).Select(each => Task.Run(() => LoopAsync(each), cancellation)));
        double measured;
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(Math.Clamp(seconds / 3, 1, 5)), cancellation);
            long start = Stopwatch.GetTimestamp();
            Volatile.Write(ref isMeasured, true);
            await Task.Delay(TimeSpan.FromSeconds(seconds), cancellation);
            Volatile.Write(ref isMeasured, false);
            measured = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        finally
        {
            Volatile.Write(ref goesOn, false);
            await running;
        }

        double[] times = [.. done.SelectMany(static one => one).Order().Select(static ticks => ticks * 1000.0 / Stopwatch.Frequency)];
        return times.Length == 0
            ? throw new BenchmarkFailedException("Not a single request was done.")
            : new HttpRun(times.Length / measured, times[times.Length / 2], times[(int)(times.Length * 0.99)]);

        async Task LoopAsync(int each)
        {
            for (long number = 0; Volatile.Read(ref goesOn); number++)
            {
                string body = Body((each * 1_000_000_000L) + number, rows);
                long begin = Stopwatch.GetTimestamp();
                await PostAsync(http, url, body, cancellation);
                if (Volatile.Read(ref isMeasured))
                {
                    done[each].Add(Stopwatch.GetTimestamp() - begin);
                }
            }
        }
    }

    private static string Body(long number, int rows)
    {
        var body = new StringBuilder("[");
        for (int row = 0; row < rows; row++)
        {
            body.Append(row == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"[\"INSERT INTO bench(n, t) VALUES (?, ?)\",{number},\"{Text}\"]");
        }

        return body.Append(']').ToString();
    }

    private static async Task PostAsync(HttpClient http, Uri url, string body, CancellationToken cancellation)
    {
        using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using HttpResponseMessage answer = await http.PostAsync(url, content, cancellation);
        string text = await answer.Content.ReadAsStringAsync(cancellation);
        if (!answer.IsSuccessStatusCode || text.Contains("\"error\"", StringComparison.Ordinal))
        {
            throw new BenchmarkFailedException($"{url} answered {(int)answer.StatusCode}: {text}");
        }
    }
}
