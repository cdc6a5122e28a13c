using System.CommandLine;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Cli;

/// <summary><c>graft member</c>.</summary>
internal static class MemberVerb
{
    internal static GraftVerb Build(VerbBuilder verbs)
    {
        var keepRunning = new Option<bool>("--keep-running") { Description = "Don't ask the removed node to shut down" };
        var address = new Argument<string>("address") { Description = "Where it is from now on: host:port" };
        var verb = new GraftVerb("member", "List, promote, demote, remove and move members", VerbGroup.Membership)
        {
            Remarks = ["A node is added by starting it: graft start ADDRESS -c PEER, with --learner if", "it isn't to vote."],
        };
        verb.Subcommands.Add(List(verbs));
        verb.Subcommands.Add(MemberChange.Build(verbs, "promote", "Make a learner that has caught up a voter", (member, _) =>
            ($"promote {NodeNames.Name(member)} to voter", new MembersRequest(MembershipChange.None.Promote(member.Node)))));
        verb.Subcommands.Add(MemberChange.Build(verbs, "demote", "Make a voter a learner", (member, _) =>
            ($"demote {NodeNames.Name(member)} to learner", new MembersRequest(MembershipChange.None.Demote(member.Node)))));
        verb.Subcommands.Add(MemberChange.Build(
            verbs,
            "remove",
            "Take a member out, and shut it down",
            (member, typed) => ($"remove {NodeNames.Name(member)}", new MembersRequest(MembershipChange.None.Remove(member.Node)) { StopRemoved = !typed.GetValue(keepRunning) }),
            keepRunning));
        verb.Subcommands.Add(MemberChange.Build(
            verbs,
            "move",
            "Say where a member is from now on",
            (member, typed) =>
            {
                NodeAddress there = SeedList.ReadOne(typed.GetValue(address)!, "move");
                return ($"move {NodeNames.Name(member)} to {there}", new MembersRequest(MembershipChange.None) { Addresses = [(member.Node, there)] });
            },
            address));
        return verb;
    }

    private static GraftVerb List(VerbBuilder verbs) => verbs.Calling(
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
        });
}
