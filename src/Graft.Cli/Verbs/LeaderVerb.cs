using System.CommandLine;
using Graft.Network;

namespace Graft.Cli;

/// <summary><c>graft leader</c>.</summary>
internal static class LeaderVerb
{
    internal static GraftVerb Build(VerbBuilder verbs)
    {
        var target = new Argument<string?>("member") { Description = "Who is to lead: host:port or id; without it the leader is shown", Arity = ArgumentArity.ZeroOrOne };
        var verb = new GraftVerb("leader", "Show or transfer cluster leadership", VerbGroup.Administration)
        {
            Arguments = { target },
            Examples = ["graft leader", "graft leader 127.0.0.1:8082"],
        };
        return verbs.Calling(verb, async (run, connection, cancellation) =>
        {
            MembersView view = await connection.CallAsync(CallKind.Read, (client, cancel) => client.Roster.ListAsync(default, cancel), cancellation);
            if (run.Typed.GetValue(target) is { } name)
            {
                MemberView member = Invocation.Find(view, name);
                await connection.CallAsync(
                    CallKind.Transfer,
                    async (client, cancel) =>
                    {
                        await client.TransferLeadershipAsync(member.Node, default, cancel);
                        return true;
                    },
                    cancellation);
                view = await connection.CallAsync(CallKind.Read, (client, cancel) => client.Roster.ListAsync(default, cancel), cancellation);
            }

            MemberView? leader = view.Find(view.Leader);
            await run.Terminal.Out.WriteAsync(run.IsJson
                ? JsonText.OfKind("Leader", json =>
                {
                    json.WriteString("id", view.Leader.ToString());
                    json.WriteString("address", leader?.Address ?? "");
                    json.WriteNumber("term", view.Term.Value);
                })
                : $"{view.Leader}  {leader?.Address}  term {view.Term.Value}\n");
            return 0;
        });
    }
}
