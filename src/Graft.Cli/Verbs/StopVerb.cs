using System.CommandLine;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Cli;

/// <summary><c>graft stop</c>: out of the cluster, and down.</summary>
internal static class StopVerb
{
    internal static GraftVerb Build(VerbBuilder verbs)
    {
        var target = new Argument<string?>("member") { Description = "Who is to leave: host:port or id; the peer of -c if left out", Arity = ArgumentArity.ZeroOrOne };
        var verb = new GraftVerb("stop", "Stop cluster node", VerbGroup.Membership)
        {
            Arguments = { target },
            Examples = ["graft stop 127.0.0.1:8082 -c 127.0.0.1:8080"],
            Remarks =
            [
                "The node leaves the cluster and shuts down; its data stays where it is. A",
                "leader hands leadership over first. For a restart, end the node's process with",
                "Ctrl+C or SIGTERM instead: it stays a member then.",
            ],
        };
        return verbs.Calling(verb, async (run, connection, cancellation) =>
        {
            MembersView view = await connection.CallAsync(CallKind.Read, (client, cancel) => client.Roster.ListAsync(default, cancel), cancellation);
            MemberView member = Invocation.Find(view, run.Typed.GetValue(target) ?? run.Seeds.First.ToString());
            if (view.Membership.Quorum.Incoming.Voters == 1 && member.Member.IsVoter)
            {
                throw new FailureException(new Failure(FailureCode.Refused, "the last voter can't leave its cluster")
                {
                    Facts = [$"{NodeNames.Name(member)} holds the only copy of the data that counts", "end its process with Ctrl+C or SIGTERM; it goes on where it was when it's started again"],
                    Outcome = Outcome.NotApplied,
                });
            }

            var request = new MembersRequest(MembershipChange.None.Remove(member.Node), view.Index) { StopRemoved = true };
            MembersChanged changed = await connection.CallAsync(CallKind.Members, (client, cancel) => client.Roster.ChangeAsync(request, default, cancel), cancellation);
            bool isTold = changed.Told.Contains(member.Node);
            await run.Terminal.Out.WriteAsync(run.IsJson
                ? JsonText.OfKind("MembersChanged", json =>
                {
                    json.WriteString("removed", member.Node.ToString());
                    json.WriteString("address", member.Address);
                    json.WriteBoolean("told", isTold);
                    json.WriteNumber("index", changed.Index.Value);
                })
                : $"removed from cluster {NodeNames.Name(member)}\n");
            if (!isTold)
            {
                run.Say("it didn't answer: its process, if there is one, has to be ended by hand");
            }

            return 0;
        });
    }
}
