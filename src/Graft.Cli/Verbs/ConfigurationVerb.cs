using Graft.Network;

namespace Graft.Cli;

/// <summary><c>graft configuration</c>: JSON, whatever the format, as it has always been.</summary>
internal static class ConfigurationVerb
{
    internal static GraftVerb Build(VerbBuilder verbs) => verbs.Calling(
        new GraftVerb("configuration", "Show cluster configuration", VerbGroup.Administration) { Examples = ["graft configuration -c 127.0.0.1:8080"] },
        async (run, connection, cancellation) =>
        {
            MembersView view = await connection.CallAsync(CallKind.Read, (client, cancel) => client.Roster.ListAsync(default, cancel), cancellation);
            await run.Terminal.Out.WriteAsync(Render(view, isIndented: !run.IsJson));
            return 0;
        });

    internal static string Render(MembersView view, bool isIndented) => JsonText.Of(
        json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("Peers");
            foreach (MemberView member in view.Members)
            {
                json.WriteStartObject(member.Node.ToString());
                json.WriteString("Id", member.Node.ToString());
                json.WriteString("Host", member.Address);
                json.WriteBoolean("Active", member.Member.IsVoter);
                json.WriteString("Role", NodeNames.RoleOf(member.Member, view.Leader));
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteString("LeaderId", view.Leader.ToString());
            json.WriteNumber("Term", view.Term.Value);
            json.WriteNumber("Index", view.Index.Value);
            json.WriteBoolean("Changing", view.IsChanging);
            json.WriteEndObject();
        },
        isIndented);
}
