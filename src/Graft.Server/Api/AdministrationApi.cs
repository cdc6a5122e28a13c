using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Graft.Consensus;
using Graft.Network;
using Microsoft.AspNetCore.Http;

namespace Graft.Server;

/// <summary>What looks after the cluster: its state, its members, its leader; and how a client finds out what became of a write.</summary>
internal sealed class AdministrationApi(ClusterView cluster, WriteQueue queue)
{
    private static readonly TimeSpan LifetimeMax = TimeSpan.FromDays(365);

    private readonly StatusReport _report = new(cluster, queue);

    internal async Task StatusAsync(Exchange exchange)
    {
        JsonObject all = await _report.OfAllAsync();
        await AnswerAsync(exchange, JsonTree.Find(all, exchange.Parameters.Find("key")));
    }

    internal async Task NodesAsync(Exchange exchange)
    {
        MembersView? view = await cluster.AskLeaderAsync(exchange.Gone);
        JsonArray nodes = _report.OfNodes(await cluster.Group.StatusAsync(), view, exchange.Parameters.Has("nonvoters"));
        if (exchange.Parameters.Find("ver") == "2")
        {
            await AnswerAsync(exchange, new JsonObject { ["nodes"] = nodes });
            return;
        }

        var byId = new JsonObject();
        foreach (JsonNode? node in nodes)
        {
            byId[node!["id"]!.GetValue<string>()] = node.DeepClone();
        }

        await AnswerAsync(exchange, byId);
    }

    internal async Task LeaderAsync(Exchange exchange)
    {
        GroupStatus status = await cluster.Group.StatusAsync();
        if (status.Leader is not { } leader || status.Membership.Find(leader) is not { } member)
        {
            throw new RequestRefusedException(StatusCodes.Status503ServiceUnavailable, "leader not found");
        }

        cluster.SetServedBy(exchange);
        await AnswerAsync(exchange, _report.OfNode(status, null, member));
    }

    internal async Task StepDownAsync(Exchange exchange)
    {
        if (await cluster.TryRedirectAsync(exchange))
        {
            return;
        }

        NodeId? target = null;
        if (exchange.Request.ContentType == "application/json")
        {
            target = await ReadNodeAsync(exchange, "stepdown: ");
        }

        try
        {
            TransferResult result = await cluster.Group.TransferLeadershipAsync(target, exchange.Timeout, exchange.Gone);
            cluster.SetServedBy(exchange);
            if (result.Outcome != TransferOutcome.Succeeded)
            {
                throw new RequestRefusedException(StatusCodes.Status500InternalServerError, $"stepdown: {result}");
            }
        }
        catch (RejectedException refused) when (refused.Reason is not (RejectReason.NoLeader or RejectReason.TimedOut or RejectReason.Stopping))
        {
            throw new RequestRefusedException(StatusCodes.Status500InternalServerError, $"stepdown: {refused.Message}");
        }
    }

    /// <summary>Says line by line what is well, up to the first thing that isn't.</summary>
    internal async Task ReadyAsync(Exchange exchange)
    {
        if (exchange.Parameters.Has("noleader"))
        {
            await exchange.AnswerAsync(StatusCodes.Status200OK, "[+]node ok");
            return;
        }

        List<string> lines = ["[+]node ok"];
        GroupStatus status = await cluster.Group.StatusAsync();
        string? wrong = status.Leader is null ? "[+]leader does not exist"
            : cluster.Group.InTouch.IsCancellationRequested ? "[+]leader not contactable: it hasn't been heard for an election timeout"
            : null;
        lines.Add(wrong ?? "[+]leader ok");
        if (wrong is null)
        {
            wrong = status.IsReady ? null : $"[+]store not ready: {status.Explain()}";
            lines.Add(wrong ?? "[+]store ok");
        }

        if (wrong is null)
        {
            lines.Add("[+]db ok");
            if (exchange.Parameters.Has("sync"))
            {
                wrong = await SyncAsync(exchange);
                lines.Add(wrong ?? "[+]sync ok");
            }
        }

        await exchange.AnswerAsync(wrong is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, string.Join('\n', lines));
    }

    /// <summary>Whether restarting the process would be a mistake: it lives as long as its node can go on, leader or not.</summary>
    internal async Task LiveAsync(Exchange exchange)
    {
        NodeStatus status = await cluster.Node.StatusAsync();
        await exchange.AnswerAsync(
            status.Failure is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            status.Failure is { } failure ? failure.Message : "ok");
    }

    internal async Task RemoveAsync(Exchange exchange)
    {
        if (await cluster.TryRedirectAsync(exchange))
        {
            return;
        }

        NodeId node = await ReadNodeAsync(exchange, "");
        try
        {
            await cluster.Group.Roster.ChangeAsync(new MembersRequest(MembershipChange.None.Remove(node)), exchange.Timeout, exchange.Gone);
        }
        catch (MembershipRefusedException refused) when (refused.Refusal == MembershipRefusal.NotMember)
        {
            // To remove who isn't there is done, in the dialect too.
        }

        cluster.SetServedBy(exchange);
    }

    internal async Task SnapshotAsync(Exchange exchange)
    {
        GroupStatus status = await cluster.Group.StatusAsync();
        if (status is { SnapshotBytes: > 0, BytesBehindSnapshot: 0 })
        {
            exchange.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        EntryId last = await cluster.Group.TakeSnapshotAsync();
        exchange.SetHeader("X-Graft-Index", last.Index.Value);
    }

    internal static Task ReapAsync(Exchange exchange) =>
        AnswerAsync(exchange, new JsonObject { ["snapshots_reaped"] = 0, ["wals_checkpointed"] = 0 });

    internal async Task OpenSessionAsync(Exchange exchange)
    {
        TimeSpan lifetime = TimeSpan.FromHours(1);
        if (exchange.Parameters.Find("lifetime") is { } text && (!GoDuration.TryParse(text, out lifetime) || lifetime <= TimeSpan.Zero || lifetime > LifetimeMax))
        {
            throw new RequestRefusedException("lifetime is a duration above zero, of at most a year (8760h)");
        }

        ulong session = await cluster.Group.OpenSessionAsync(lifetime);
        exchange.Response.StatusCode = StatusCodes.Status201Created;
        await AnswerAsync(exchange, new JsonObject
        {
            ["session"] = session.ToString(CultureInfo.InvariantCulture),
            ["lifetime_seconds"] = lifetime.TotalSeconds,
        });
    }

    /// <summary>What became of a write that nobody could tell about; asked for, it's settled.</summary>
    internal async Task OutcomeAsync(Exchange exchange)
    {
        WriteId write = ReadWrite(exchange.Parameters);
        var outcome = new JsonObject();
        try
        {
            WriteResult result = await cluster.Group.ResolveAsync(write, exchange.Timeout);
            outcome["outcome"] = "applied";
            outcome["index"] = result.Index.Value;
        }
        catch (UnknownOutcomeException unknown)
        {
            outcome["outcome"] = unknown.IsAnswerLost ? "applied" : "unknown";
            outcome["message"] = unknown.Message;
        }
        catch (RejectedException rejected)
        {
            outcome["outcome"] = "rejected";
            outcome["message"] = rejected.Message;
        }

        await AnswerAsync(exchange, outcome);
    }

    internal Task QueueAsync(Exchange exchange) => AnswerAsync(exchange, _report.OfQueue());

    private static Task AnswerAsync(Exchange exchange, JsonNode answer) => exchange.AnswerJsonAsync(json => JsonTree.Write(json, answer));

    private async Task<string?> SyncAsync(Exchange exchange)
    {
        try
        {
            await cluster.Group.WaitAsync(ReadConsistency.Linearizable, exchange.Timeout, exchange.Gone);
            return null;
        }
        catch (GraftException failure)
        {
            return $"[+]sync failed: {failure.Message}";
        }
    }

    private async Task<NodeId> ReadNodeAsync(Exchange exchange, string prefix)
    {
        string? id = null;
        try
        {
            ReadOnlyMemory<byte> body = await exchange.ReadBodyAsync();
            using var document = JsonDocument.Parse(body);
            JsonElement root = document.RootElement;
            id = root.ValueKind == JsonValueKind.Object && root.EnumerateObject().Count() == 1 && root.TryGetProperty("id", out JsonElement value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (JsonException)
        {
            // Told below.
        }

        return id is null ? throw new RequestRefusedException("the body is {\"id\":\"<a node's id or address>\"}")
            : cluster.Parse(await cluster.Group.StatusAsync(), id)
            ?? throw new RequestRefusedException(prefix.Length > 0 ? StatusCodes.Status500InternalServerError : StatusCodes.Status400BadRequest, $"{prefix}node not found in cluster");
    }

    private static WriteId ReadWrite(QueryParameters parameters)
    {
        const string Wanted = "say entry=<term>.<index>, session=<id>&sequence=<number>, or both, as X-Graft-Write has them";
        EntryId entry = default;
        if (parameters.Find("entry") is { } text)
        {
            string[] parts = text.Split('.');
            entry = parts.Length == 2 ? EntryId.Of(ReadNumber(parts[0]), ReadNumber(parts[1])) : throw new RequestRefusedException(Wanted);
        }

        ulong session = parameters.Find("session") is { } id ? ReadNumber(id) : 0;
        ulong sequence = parameters.Find("sequence") is { } number ? ReadNumber(number) : 0;
        return entry != default || session != 0 ? new WriteId(entry, session, sequence) : throw new RequestRefusedException(Wanted);

        static ulong ReadNumber(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw new RequestRefusedException(Wanted);
    }
}
