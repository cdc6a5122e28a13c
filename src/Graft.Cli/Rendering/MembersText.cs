using System.Text;
using System.Text.Json;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Cli;

/// <summary>The members of a cluster, as their leader sees them.</summary>
internal static class MembersText
{
    private static readonly string[] Header = ["node", "role", "voter", "address", ">index", ">trails by", ">seen"];

    internal static string Table(MembersView view) => TextTable.Of(Header, view.Members.Select(member => Row(view, member)));

    internal static string Csv(MembersView view, bool hasHeader)
    {
        var text = new StringBuilder();
        if (hasHeader)
        {
            text.AppendJoin(',', Header.Select(name => name.TrimStart('>').Replace(' ', '_'))).Append("\r\n");
        }

        foreach (MemberView member in view.Members)
        {
            text.AppendJoin(',', Row(view, member).Select(cell => ValueText.CsvField(cell.Replace(",", "", StringComparison.Ordinal)))).Append("\r\n");
        }

        return text.ToString();
    }

    internal static void WriteJson(Utf8JsonWriter json, MembersView view)
    {
        json.WriteString("leader", view.Leader.ToString());
        json.WriteNumber("term", view.Term.Value);
        json.WriteNumber("membershipIndex", view.Index.Value);
        json.WriteNumber("lastIndex", view.Last.Value);
        json.WriteBoolean("changing", view.IsChanging);
        json.WriteStartArray("members");
        foreach (MemberView member in view.Members)
        {
            json.WriteStartObject();
            json.WriteString("id", member.Node.ToString());
            json.WriteString("address", member.Address);
            json.WriteString("role", NodeNames.RoleOf(member.Member, view.Leader));
            json.WriteBoolean("voter", member.Member.IsVoter);
            json.WriteBoolean("reachable", IsUp(view, member));
            json.WriteString("phase", member.Phase.ToString());
            json.WriteNumber("index", member.Match.Value);
            json.WriteNumber("trailsBy", member.Lag);
            json.WriteNumber("silentMs", (long)member.SilentFor.TotalMilliseconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    internal static bool IsUp(MembersView view, MemberView member) => member.IsReachable || member.Node == view.Leader;

    private static IReadOnlyList<string> Row(MembersView view, MemberView member) =>
    [
        member.Node.ToString(),
        NodeNames.RoleOf(member.Member, view.Leader),
        member.Member.Role == MemberRole.Voter ? "yes" : "no",
        member.Address.Length > 0 ? member.Address : "-",
        Words.Number(member.Match.Value),
        member.Node == view.Leader ? "-" : Words.Number(member.Lag),
        NodeNames.Seen(member, view.Leader),
    ];
}
