using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Server;

/// <summary>What <c>/status</c> and <c>/nodes</c> say, in the dialect's shapes. Made by this node alone, so it comes without a quorum.</summary>
internal sealed class StatusReport(ClusterView cluster, WriteQueue queue)
{
    private readonly DateTimeOffset _began = TimeProvider.System.GetUtcNow();

    internal async Task<JsonObject> OfAllAsync()
    {
        NodeStatus node = await cluster.Node.StatusAsync();
        GroupStatus status = await cluster.Group.StatusAsync();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return new JsonObject
        {
            ["build"] = new JsonObject
            {
                ["version"] = HttpApi.Version,
                ["graft_version"] = typeof(GraftServer).Assembly.GetName().Version?.ToString(3),
                ["compiler"] = RuntimeInformation.FrameworkDescription,
            },
            ["http"] = new JsonObject
            {
                ["bind_addr"] = cluster.Options.Listen.Host + ":" + cluster.Node.Address.Port.ToString(CultureInfo.InvariantCulture),
                ["auth"] = "disabled",
                ["tls"] = new JsonObject { ["enabled"] = cluster.Options.Tls is not null },
                ["queue"] = new JsonObject { ["_default"] = OfQueue() },
            },
            ["node"] = new JsonObject
            {
                ["name"] = cluster.Options.Name ?? cluster.Node.Id.ToString(),
                ["start_time"] = _began.ToString("O", CultureInfo.InvariantCulture),
                ["current_time"] = now.ToString("O", CultureInfo.InvariantCulture),
                ["uptime"] = Text(now - _began),
            },
            ["os"] = new JsonObject { ["hostname"] = Environment.MachineName, ["pid"] = Environment.ProcessId },
            ["runtime"] = new JsonObject
            {
                ["GOARCH"] = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
                ["GOOS"] = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : "other",
                ["num_cpu"] = Environment.ProcessorCount,
                ["version"] = RuntimeInformation.FrameworkDescription,
            },
            ["store"] = OfStore(status),
            ["explanation"] = node.Explain(),
        };
    }

    /// <summary>The members, as an array of the dialect's nodes.</summary>
    /// <param name="status">What this node knows.</param>
    /// <param name="view">What the leader does, if it was asked and has answered.</param>
    /// <param name="withLearners">Those too who don't vote.</param>
    internal JsonArray OfNodes(GroupStatus status, MembersView? view, bool withLearners)
    {
        var nodes = new JsonArray();
        foreach (Member member in status.Membership.Members)
        {
            if (member.IsVoter || withLearners)
            {
                nodes.Add((JsonNode)OfNode(status, view, member));
            }
        }

        return nodes;
    }

    internal JsonObject OfNode(GroupStatus status, MembersView? view, Member member)
    {
        PeerStatus? peer = status.Peers.FirstOrDefault(each => each.Node == member.Id);
        MemberView? seen = view?.Find(member.Id);
        string address = cluster.Find(status, member.Id)?.ToString() ?? seen?.Address ?? "";
        bool isReachable = cluster.IsReachable(status, member.Id) || seen is { IsReachable: true };
        TimeSpan roundTrip = peer?.Link?.RoundTrip ?? TimeSpan.Zero;
        var node = new JsonObject
        {
            ["id"] = member.Id.ToString(),
            ["api_addr"] = address.Length > 0 ? $"{cluster.Scheme}://{address}" : "",
            ["addr"] = address,
            ["version"] = member.Id == cluster.Node.Id ? HttpApi.Version : "",
            ["voter"] = member.IsVoter,
            ["reachable"] = isReachable,
            ["leader"] = status.Leader == member.Id,
        };
        if (isReachable)
        {
            node["time"] = roundTrip.TotalSeconds;
            node["time_s"] = Text(roundTrip);
        }
        else
        {
            node["error"] = peer?.Link?.LastError is { Length: > 0 } error ? error : "not connected";
        }

        return node;
    }

    internal JsonObject OfQueue()
    {
        var failures = new JsonArray();
        foreach (QueueFailure failure in queue.Failures)
        {
            failures.Add((JsonNode)new JsonObject { ["sequence_number"] = failure.Sequence, ["item"] = failure.Item, ["error"] = failure.Message });
        }

        return new JsonObject
        {
            ["sequence_number"] = queue.Persisted,
            ["length"] = queue.Length,
            ["max_size"] = cluster.Options.QueueRequestsMax,
            ["failures"] = failures,
        };
    }

    private JsonObject OfStore(GroupStatus status)
    {
        var members = new JsonArray();
        foreach (Member member in status.Membership.Members)
        {
            members.Add((JsonNode)new JsonObject
            {
                ["id"] = member.Id.ToString(),
                ["addr"] = cluster.Find(status, member.Id)?.ToString() ?? "",
                ["suffrage"] = member.IsVoter ? "Voter" : "Nonvoter",
            });
        }

        return new JsonObject
        {
            ["node_id"] = cluster.Node.Id.ToString(),
            ["cluster_id"] = cluster.Node.Cluster.ToString(),
            ["addr"] = cluster.Address.ToString(),
            ["dir"] = cluster.Options.DataDirectory ?? "",
            ["ready"] = status.IsReady,
            ["leader"] = new JsonObject
            {
                ["node_id"] = status.Leader?.ToString() ?? "",
                ["addr"] = status.Leader is { } leader ? cluster.Find(status, leader)?.ToString() ?? "" : "",
            },
            ["raft"] = new JsonObject
            {
                ["state"] = status.Role.ToString(),
                ["term"] = status.Term.Value,
                ["commit_index"] = status.Commit.Value,
                ["applied_index"] = status.Applied.Value,
                ["fsm_pending"] = status.ApplyLag,
                ["last_log_index"] = status.Raft?.LogEnd.Index.Value ?? 0,
                ["last_log_term"] = status.Raft?.LogEnd.Term.Value ?? 0,
                ["voter"] = cluster.IsVoter,
                ["num_peers"] = Math.Max(0, status.Membership.Members.Length - 1),
                ["snapshot_size"] = status.SnapshotBytes,
            },
            ["db_applied_index"] = status.Applied.Value,
            ["fsm_index"] = status.Applied.Value,
            ["nodes"] = members,
            ["halted"] = status.Halted?.Message,
            ["divergence"] = status.Divergence,
        };
    }

    private static string Text(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.###}ms");
}
