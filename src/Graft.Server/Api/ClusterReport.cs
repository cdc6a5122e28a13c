using System.Text.Json.Nodes;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Server;

/// <summary>The cluster for a dashboard, in our own words: <c>/api/v1/cluster</c> and the events of it. By this node alone, so it never waits.</summary>
internal sealed class ClusterReport(ClusterView cluster)
{
    internal JsonObject Of(GroupStatus status)
    {
        var nodes = new JsonArray();
        int reachable = 0;
        foreach (Member member in status.Membership.Members)
        {
            bool isReachable = IsReachable(status, member.Id);
            reachable += isReachable && member.Role == MemberRole.Voter ? 1 : 0;
            nodes.Add((JsonNode)OfMember(status, member, isReachable));
        }

        MajorityQuorum quorum = status.Membership.Quorum.Incoming;
        return new JsonObject
        {
            ["observed_by"] = status.Node.ToString(),
            ["cluster"] = cluster.Node.Cluster.ToString(),
            ["leader"] = status.Leader?.ToString(),
            ["term"] = status.Term.Value,
            ["commit"] = status.Commit.Value,
            ["applied"] = status.Applied.Value,
            ["members_index"] = status.Raft?.MembershipIndex.Value ?? 0,
            ["ready"] = status.IsReady,
            ["nodes"] = nodes,
            ["quorum"] = new JsonObject
            {
                ["voters"] = quorum.Voters,
                ["needed"] = quorum.Size,
                ["reachable"] = reachable,
                ["tolerance"] = quorum.Tolerance,
            },
            ["explanation"] = status.Explain(),
        };
    }

    /// <summary>What a change of members would do, or why it won't be done.</summary>
    internal static JsonObject Of(MembersPlan plan)
    {
        var warnings = new JsonArray();
        foreach (PlanWarning warning in plan.Warnings)
        {
            warnings.Add((JsonNode)new JsonObject { ["kind"] = warning.Kind.ToString(), ["text"] = warning.Text });
        }

        return new JsonObject
        {
            ["expected"] = plan.Now.Index.Value,
            ["now"] = Of(plan.Now.Membership),
            ["after"] = Of(plan.After),
            ["tolerance_now"] = plan.QuorumNow.Tolerance,
            ["tolerance_after"] = plan.QuorumAfter.Tolerance,
            ["successor"] = plan.Successor?.ToString(),
            ["refusal"] = plan.IsRefused ? plan.Refusal.ToString() : null,
            ["why"] = plan.IsRefused ? plan.Why : null,
            ["warnings"] = warnings,
        };
    }

    private static JsonArray Of(Membership membership)
    {
        var members = new JsonArray();
        foreach (Member member in membership.Members)
        {
            members.Add((JsonNode)new JsonObject { ["id"] = member.Id.ToString(), ["role"] = NameOf(member) });
        }

        return members;
    }

    private static string NameOf(Member member) => member.IsWitness ? "witness" : member.Role.ToString().ToLowerInvariant();

    // Who leads has heard of everybody; a follower knows of itself, and of whom it has a link to.
    private bool IsReachable(GroupStatus status, NodeId node) =>
        cluster.IsReachable(status, node) || Find(status, node) is { IsSilent: false };

    private static MemberStatus? Find(GroupStatus status, NodeId node) => status.Raft?.Members.FirstOrDefault(member => member.Member.Id == node);

    private JsonObject OfMember(GroupStatus status, Member member, bool isReachable)
    {
        bool isSelf = member.Id == status.Node;
        var node = new JsonObject
        {
            ["id"] = member.Id.ToString(),
            ["address"] = cluster.Find(status, member.Id)?.ToString(),
            ["role"] = NameOf(member),
            ["leads"] = status.Leader == member.Id,
            ["reachable"] = isReachable,
            ["source"] = isSelf ? "self" : status.Role == Role.Leader ? "leader" : "link",
        };
        if (Find(status, member.Id) is { } seen && !isSelf)
        {
            node["match"] = seen.Match.Value;
            node["lag"] = seen.Lag;

            // Of one that answers it would be another figure at each look, and no news.
            if (seen.IsSilent)
            {
                node["silent_seconds"] = (long)seen.SilentFor.TotalSeconds;
            }
        }

        return node;
    }
}
