using System.Globalization;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Cli;

/// <summary>A cluster on one screen.</summary>
internal static class StatusText
{
    internal static string ForPeople(ClusterId cluster, MembersView view)
    {
        string changing = view.IsChanging ? "a change of members is under way\n" : "";
        return $"{cluster}  {ClusterHealth.Of(view)}\n\n{MembersText.Table(view)}\nterm {view.Term.Value}   index {Words.Number(view.Last.Value)}   members since index {Words.Number(view.Index.Value)}\n{changing}{Advice(view)}";
    }

    /// <summary>What one member knows where no leader answers.</summary>
    internal static string ForPeople(ClusterId cluster, GroupInfo seen)
    {
        string leader = seen.Leader is { } id ? NodeNames.Describe(id, seen.Addresses) : "nobody";
        string table = TextTable.Of(
            ["node", "role", "address"],
            seen.Membership.Members.ToArray().Select(member => (IReadOnlyList<string>)
            [
                member.Id.ToString(),
                NodeNames.RoleOf(member, null) == "follower" ? "voter" : NodeNames.RoleOf(member, null),
                seen.Addresses.FirstOrDefault(row => row.Node == member.Id).Address ?? "-",
            ]));
        return $"{cluster}  {ClusterHealth.OfLeaderless(seen)}\n\n{table}\nterm {seen.Term.Value}   applied {Words.Number(seen.Applied.Value)}   last known leader: {leader}\n"
            + "writes are refused; stale reads work: graft query --consistency stale \"...\"\nnext: start the members that are down\n";
    }

    /// <summary>One line for a log or a probe.</summary>
    internal static string Line(DateTimeOffset now, MembersView view)
    {
        ClusterHealth health = ClusterHealth.Of(view);
        ulong lag = view.Members.Length == 0 ? 0 : view.Members.Max(member => member.Lag);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{now.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} {health.Word.Replace(' ', '-')} leader={Leader(view)} term={view.Term.Value} index={view.Last.Value} tolerance={health.CanLose} maxlag={lag}");
    }

    internal static string Check(ClusterHealth health) => health.IsHealthy
        ? $"OK {Detail(health)}"
        : $"{(health.Word == "DEGRADED" ? "WARNING degraded" : "CRITICAL no-quorum")}: {Detail(health)}";

    internal static string Json(ClusterId cluster, MembersView view) => JsonText.OfKind("ClusterStatus", json =>
    {
        ClusterHealth health = ClusterHealth.Of(view);
        json.WriteString("cluster", cluster.ToString());
        json.WriteString("health", health.Word.ToLowerInvariant().Replace(' ', '-'));
        json.WriteNumber("voters", health.Voters);
        json.WriteNumber("votersUp", health.Up ?? 0);
        json.WriteNumber("quorum", health.Needed);
        json.WriteNumber("canLose", health.CanLose);
        MembersText.WriteJson(json, view);
    });

    internal static string Json(ClusterId cluster, GroupInfo seen) => JsonText.OfKind("ClusterStatus", json =>
    {
        json.WriteString("cluster", cluster.ToString());
        json.WriteString("health", "no-quorum");
        json.WriteNumber("voters", seen.Membership.Quorum.Incoming.Voters);
        json.WriteNumber("quorum", seen.Membership.Quorum.Incoming.Size);
        json.WriteNumber("term", seen.Term.Value);
        json.WriteNumber("applied", seen.Applied.Value);
        json.WriteStartArray("members");
        foreach (Member member in seen.Membership.Members)
        {
            json.WriteStartObject();
            json.WriteString("id", member.Id.ToString());
            json.WriteString("address", seen.Addresses.FirstOrDefault(row => row.Node == member.Id).Address ?? "");
            json.WriteBoolean("voter", member.IsVoter);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static string Detail(ClusterHealth health) =>
        $"{(health.Up is { } up ? $"{up}/" : "")}{Words.Count(health.Voters, "voter")}{(health.Up is null ? "" : " up")}, {(health.IsHealthy ? $"can lose {health.CanLose}" : $"{health.Needed} needed")}";

    private static string Leader(MembersView view) => view.Find(view.Leader) is { } leader ? NodeNames.Name(leader) : view.Leader.ToString();

    private static string Advice(MembersView view)
    {
        MemberView? down = view.Members.FirstOrDefault(member => !MembersText.IsUp(view, member));
        return down is null ? "" : $"next: start {NodeNames.Name(down)} again, or take it out: graft stop {NodeNames.Name(down)}\n";
    }
}
