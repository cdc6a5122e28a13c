using System.CommandLine;
using Graft.Network;

namespace Graft.Cli;

/// <summary>What promote, demote, remove and move have in common: a plan, consent where it's dangerous, and the change exactly as it was planned.</summary>
internal static class MemberChange
{
    /// <summary>A command that changes what one member is.</summary>
    /// <param name="verbs">Gives it its action.</param>
    /// <param name="name">What is typed.</param>
    /// <param name="description">One line.</param>
    /// <param name="change">The change of the member, with what was typed behind it.</param>
    /// <param name="extra">Arguments and flags of its own.</param>
    internal static GraftVerb Build(
        VerbBuilder verbs, string name, string description, Func<MemberView, ParseResult, (string What, MembersRequest Request)> change, params Symbol[] extra)
    {
        var target = new Argument<string>("member") { Description = "Who: host:port or id" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print the plan and change nothing" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Make the change without being asked" };
        var verb = new GraftVerb(name, description)
        {
            Arguments = { target },
            Options = { dryRun, yes },
            Examples = [$"graft member {name} 127.0.0.1:8082{string.Concat(extra.OfType<Argument>().Select(_ => " 127.0.0.1:9082"))} --dry-run"],
        };
        foreach (Symbol each in extra)
        {
            if (each is Option option)
            {
                verb.Options.Add(option);
            }
            else if (each is Argument argument)
            {
                verb.Arguments.Add(argument);
            }
        }

        return verbs.Calling(verb, async (run, connection, cancellation) =>
        {
            MembersView view = await connection.CallAsync(CallKind.Read, (client, cancel) => client.Roster.ListAsync(default, cancel), cancellation);
            MemberView member = Invocation.Find(view, run.Typed.GetValue(target)!);
            (string what, MembersRequest request) = change(member, run.Typed);
            MembersPlan plan = await connection.CallAsync(CallKind.Read, (client, cancel) => client.Roster.PlanAsync(request, default, cancel), cancellation);
            if (run.Typed.GetValue(dryRun))
            {
                await run.Terminal.Out.WriteAsync(run.IsJson
                    ? JsonText.OfKind("MembersPlan", json => PlanText.WriteJson(json, what, plan))
                    : PlanText.ForPeople(what, plan) + (plan.IsRefused ? $"it would be refused: {plan.Why}\n" : "nothing was changed\n"));
                return plan.IsRefused ? (int)FailureCode.Refused : 0;
            }

            if (plan.IsRefused)
            {
                throw new FailureException(FailureMap.Of(plan.ToException(), CallKind.Members, run.Seeds, run.Timeout, null)!);
            }

            await ConsentAsync(run, what, plan, run.Typed.GetValue(yes), cancellation);
            MembersChanged changed = await connection.CallAsync(
                CallKind.Members, (client, cancel) => client.Roster.ChangeAsync(plan.Request, default, cancel), cancellation);
            await run.Terminal.Out.WriteAsync(run.IsJson
                ? JsonText.OfKind("MembersChanged", json =>
                {
                    json.WriteString("change", what);
                    json.WriteNumber("index", changed.Index.Value);
                })
                : $"done: {what}; configuration committed at index {Words.Number(changed.Index.Value)}\n");
            return 0;
        });
    }

    private static async Task ConsentAsync(Invocation run, string what, MembersPlan plan, bool isGiven, CancellationToken cancellation)
    {
        if (isGiven || !PlanText.WantsConsent(plan))
        {
            return;
        }

        if (run.Terminal.IsInputTerminal && !run.IsJson)
        {
            await run.Terminal.Error.WriteAsync($"{PlanText.ForPeople(what, plan)}Make this change? [y/N] ");
            string? answer = await run.Terminal.In.ReadLineAsync(cancellation);
            if (answer is "y" or "Y" or "yes")
            {
                return;
            }
        }

        throw new FailureException(new Failure(FailureCode.Refused, "this change needs confirmation")
        {
            Facts =
            [
                $"the cluster can lose {plan.QuorumNow.Tolerance} now, and {plan.QuorumAfter.Tolerance} afterwards",
                .. plan.Warnings.Select(warning => warning.Text.TrimEnd('.')),
            ],
            Outcome = Outcome.NotApplied,
            Hints = ["the same with --yes, if it's meant"],
        });
    }
}
