using System.Text.Json;
using System.Text.Json.Nodes;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Server;

/// <summary>Our own administration: the cluster as a picture, and changes of members with a plan before.</summary>
internal sealed class MembersApi(ClusterView cluster)
{
    private static readonly string[] Verbs = ["add", "add_learner", "add_witness", "promote", "demote", "remove"];

    private readonly ClusterReport _report = new(cluster);

    internal async Task ClusterAsync(Exchange exchange)
    {
        JsonObject all = _report.Of(await cluster.Group.StatusAsync());
        await exchange.AnswerJsonAsync(json => JsonTree.Write(json, all));
    }

    /// <summary>Plans a change, or makes it.</summary>
    /// <remarks>
    /// The body: <c>{"add":["n7"],"remove":["n3"],"addresses":{"n7":"host:port"},"expected":12,"force":false,"stop_removed":true}</c>, each of it left out
    /// at will. With <c>dry_run</c> nothing is changed; <c>expected</c> of the plan makes the change the one that was planned, or refuses it.
    /// </remarks>
    internal async Task ChangeAsync(Exchange exchange)
    {
        MembersRequest request = await ReadAsync(exchange);
        if (exchange.Parameters.Has("dry_run"))
        {
            MembersPlan plan = await cluster.Group.Roster.PlanAsync(request, exchange.Timeout, exchange.Gone);
            await exchange.AnswerJsonAsync(json => JsonTree.Write(json, ClusterReport.Of(plan)));
            return;
        }

        MembersChanged changed = await cluster.Group.Roster.ChangeAsync(request, exchange.Timeout, exchange.Gone);
        await exchange.AnswerJsonAsync(json => JsonTree.Write(json, new JsonObject { ["members_index"] = changed.Index.Value }));
    }

    private async Task<MembersRequest> ReadAsync(Exchange exchange)
    {
        GroupStatus status = await cluster.Group.StatusAsync();
        ReadOnlyMemory<byte> body = await exchange.ReadBodyAsync();
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(status, document.RootElement);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or FormatException)
        {
            throw new RequestRefusedException($"the body is no change of members: {wrong.Message}");
        }
    }

    private MembersRequest Read(GroupStatus status, JsonElement root)
    {
        MembershipChange change = MembershipChange.None;
        List<(NodeId, NodeAddress)> addresses = [];
        LogIndex? expected = null;
        bool isForced = false;
        bool stops = false;
        foreach (JsonProperty member in root.EnumerateObject())
        {
            switch (member.Name)
            {
                case "expected":
                    expected = new LogIndex(member.Value.GetUInt64());
                    break;
                case "force":
                    isForced = member.Value.GetBoolean();
                    break;
                case "stop_removed":
                    stops = member.Value.GetBoolean();
                    break;
                case "addresses":
                    addresses.AddRange(member.Value.EnumerateObject().Select(each => (ReadNode(status, each.Name), NodeAddress.Parse(each.Value.GetString() ?? ""))));
                    break;
                case var verb when Verbs.Contains(verb, StringComparer.Ordinal):
                    change = member.Value.EnumerateArray().Aggregate(change, (so, each) => With(so, verb, ReadNode(status, each.GetString() ?? "")));
                    break;
                default:
                    throw new RequestRefusedException($"{member.Name} isn't known; there are {string.Join(", ", Verbs)}, addresses, expected, force, stop_removed");
            }
        }

        return new MembersRequest(change, expected) { Addresses = [.. addresses], Force = isForced, StopRemoved = stops };
    }

    private NodeId ReadNode(GroupStatus status, string text) =>
        cluster.Parse(status, text) ?? throw new RequestRefusedException($"'{text}' is neither a node's id nor a member's address");

    private static MembershipChange With(MembershipChange change, string verb, NodeId node) => verb switch
    {
        "add" => change.Add(node),
        "add_learner" => change.AddLearner(node),
        "add_witness" => change.AddWitness(node),
        "promote" => change.Promote(node),
        "demote" => change.Demote(node),
        _ => change.Remove(node),
    };
}
