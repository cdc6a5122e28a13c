using Graft.Network;

namespace Graft.Cli;

/// <summary><c>graft member</c>.</summary>
internal static class MemberVerb
{
    internal static GraftVerb Build(VerbBuilder verbs)
    {
        var verb = new GraftVerb("member", "List members", VerbGroup.Membership);
        verb.Subcommands.Add(verbs.Calling(
            new GraftVerb("list", "Members with role, how far they trail, and when they were last heard") { Examples = ["graft member list"] },
            async (run, connection, cancellation) =>
            {
                MembersView view = await connection.CallAsync(CallKind.Read, (client, cancel) => client.Roster.ListAsync(default, cancel), cancellation);
                await run.Terminal.Out.WriteAsync(run.Format switch
                {
                    OutputFormat.Json => JsonText.OfKind("MemberList", json => MembersText.WriteJson(json, view)),
                    OutputFormat.Csv => MembersText.Csv(view, run.HasHeader),
                    _ => MembersText.Table(view),
                });
                return 0;
            }));
        return verb;
    }
}
