using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;

namespace Graft.Server;

/// <summary>Server-sent events for one client: who leads, how far everything is, and what somebody has to act on.</summary>
/// <remarks>
/// (1) <c>hello</c> comes first. <c>raft</c> says that leader, term or members are others, <c>status</c> is the whole picture, four times a second at
/// most and only if it has changed, <c>alert</c> is an alarm.
/// (2) Nothing is kept for a client but alarms: one that is slow gets fewer pictures, and the newest.
/// (3) A client that comes back says which event it saw last. If that was of another life of this server, or alarms since are forgotten, it gets
/// <c>resync</c>, and had better fetch everything anew.
/// </remarks>
internal sealed class EventStream(ClusterView cluster, Alarms alarms, CancellationToken stopping)
{
    private const int BeatTicks = 60;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // Numbers of another life mean nothing in this one.
    private static readonly string Life = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);

    internal async Task ServeAsync(Exchange exchange)
    {
        exchange.Response.ContentType = "text/event-stream";
        exchange.SetHeader("Cache-Control", "no-cache");
        using var over = CancellationTokenSource.CreateLinkedTokenSource(exchange.Gone, stopping);
        using var timer = new PeriodicTimer(Interval);
        try
        {
            await SendAllAsync(exchange.Response.BodyWriter, exchange.Request.Headers["Last-Event-ID"].ToString(), timer, over.Token);
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or the server goes.
        }
    }

    private async Task SendAllAsync(PipeWriter output, string last, PeriodicTimer timer, CancellationToken over)
    {
        var report = new ClusterReport(cluster);
        bool isKnown = TryReadLast(last, out long seen);
        seen = isKnown ? seen : alarms.Count;
        Write(output, "hello", seen, new JsonObject { ["node"] = cluster.Node.Id.ToString(), ["address"] = cluster.Address.ToString(), ["version"] = HttpApi.Version });
        if (last.Length > 0 && !isKnown)
        {
            Write(output, "resync", seen, []);
        }

        string raft = "";
        string picture = "";
        int quiet = 0;
        do
        {
            bool isQuiet = true;
            foreach ((long number, GroupAlarm alarm) in alarms.After(seen))
            {
                seen = number;
                Write(output, "alert", seen, new JsonObject { ["kind"] = alarm.Kind.ToString(), ["message"] = alarm.Message });
                isQuiet = false;
            }

            GroupStatus status = await cluster.Group.StatusAsync();
            var core = new JsonObject { ["leader"] = status.Leader?.ToString(), ["term"] = status.Term.Value, ["members_index"] = status.Raft?.MembershipIndex.Value ?? 0 };
            isQuiet &= !WriteIfNew(output, "raft", seen, core, ref raft);
            isQuiet &= !WriteIfNew(output, "status", seen, report.Of(status), ref picture);
            quiet = isQuiet ? quiet + 1 : 0;
            if (quiet >= BeatTicks)
            {
                output.Write(": beat\n\n"u8);
                quiet = 0;
            }

            await output.FlushAsync(over);
        }
        while (await timer.WaitForNextTickAsync(over));
    }

    // Known if it's of this life, and all alarms since are still there.
    private bool TryReadLast(string last, out long seen)
    {
        seen = 0;
        string[] parts = last.Split('-');
        if (parts.Length != 2 || parts[0] != Life || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out seen))
        {
            return false;
        }

        long count = alarms.Count;
        return seen <= count && alarms.After(seen).Length == count - seen;
    }

    private static bool WriteIfNew(PipeWriter output, string name, long seen, JsonObject data, ref string before)
    {
        string text = Text(data);
        if (text == before)
        {
            return false;
        }

        before = text;
        Write(output, name, seen, text);
        return true;
    }

    private static void Write(PipeWriter output, string name, long seen, JsonObject data) => Write(output, name, seen, Text(data));

    private static void Write(PipeWriter output, string name, long seen, string data) =>
        output.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {Life}-{seen}\nevent: {name}\ndata: {data}\n\n")));

    private static string Text(JsonObject data)
    {
        var bytes = new ArrayBufferWriter<byte>();
        JsonTree.Write(new GoJson(bytes), data);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
