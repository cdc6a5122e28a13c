using System.Diagnostics;
using System.Globalization;
using Graft.Client;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary>One client that writes orders, one after the other, and keeps account of them.</summary>
internal sealed class DemoLoad(GraftClient client)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly byte[] _order = SqlWire.Encode(new SqlRequest([new SqlStatement("INSERT INTO orders(user_id, total) SELECT 1 + abs(random()) % 4, 9.99")]));

    /// <summary>Writes until it's told to stop.</summary>
    /// <param name="tell">Told a line each five seconds, and one at the end.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task RunAsync(Action<string> tell, CancellationToken cancellation)
    {
        (int done, int rejected, int unknown) = (0, 0, 0);
        TimeSpan slowest = TimeSpan.Zero;
        long began = Stopwatch.GetTimestamp();
        while (!cancellation.IsCancellationRequested)
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                await client.WriteAsync(_order, Patience, cancellation);
                done++;
                await Task.Delay(Pause, cancellation);
            }
            catch (RejectedException)
            {
                rejected++;
            }
            catch (UnknownOutcomeException)
            {
                unknown++;
            }
            catch (OperationCanceledException)
            {
                break;
            }

            TimeSpan took = Stopwatch.GetElapsedTime(start);
            slowest = took > slowest ? took : slowest;
            if (Stopwatch.GetElapsedTime(began) > ReportInterval)
            {
                tell(Line(done, rejected, unknown, slowest, Stopwatch.GetElapsedTime(began)));
                (done, rejected, unknown, slowest, began) = (0, 0, 0, TimeSpan.Zero, Stopwatch.GetTimestamp());
            }
        }
    }

    internal static string Line(int done, int rejected, int unknown, TimeSpan slowest, TimeSpan elapsed) => string.Create(
        CultureInfo.InvariantCulture,
        $"load: {done / elapsed.TotalSeconds:0} writes/s, {rejected} rejected, {unknown} unknown, slowest {slowest.TotalMilliseconds:0} ms");
}
