using System.Text;
using System.Text.Json;
using Graft.Consensus;
using Graft.Network;

namespace Graft.Cli;

/// <summary>What a change of members would do.</summary>
internal static class PlanText
{
    /// <summary>Whether somebody has to say yes: the cluster would hang by a thread afterwards, or the change may never be done.</summary>
    internal static bool WantsConsent(MembersPlan plan) =>
        plan.Warnings.Any(warning => warning.Kind is PlanWarningKind.QuorumUnreachable or PlanWarningKind.NoVoterToSpare or PlanWarningKind.VoterUnreachable)
        || plan.QuorumAfter.Tolerance < Math.Min(1, plan.QuorumNow.Tolerance);

    /// <param name="what">The change, in words.</param>
    /// <param name="plan">What it would do.</param>
    internal static string ForPeople(string what, MembersPlan plan)
    {
        var text = new StringBuilder($"plan: {what}\n");
        text.Append(TextTable.Of(
            ["  ", ">now", ">after"],
            [
                Row("  voters", plan.QuorumNow.Voters, plan.QuorumAfter.Voters),
                Row("  quorum", plan.QuorumNow.Size, plan.QuorumAfter.Size),
                Row("  can lose", plan.QuorumNow.Tolerance, plan.QuorumAfter.Tolerance),
            ]));
        if (plan.Successor is { } successor)
        {
            MemberView? next = plan.Now.Find(successor);
            text.Append($"  {(next is null ? successor.ToString() : NodeNames.Name(next))} takes over as leader first\n");
        }

        foreach (PlanWarning warning in plan.Warnings)
        {
            text.Append($"  note: {warning.Text}\n");
        }

        return text.ToString();
    }

    internal static void WriteJson(Utf8JsonWriter json, string what, MembersPlan plan)
    {
        json.WriteString("change", what);
        json.WriteBoolean("refused", plan.IsRefused);
        if (plan.IsRefused)
        {
            json.WriteString("why", plan.Why);
        }

        Write("now", plan.QuorumNow);
        Write("after", plan.QuorumAfter);
        json.WriteBoolean("wantsConsent", WantsConsent(plan));
        json.WriteStartArray("warnings");
        foreach (PlanWarning warning in plan.Warnings)
        {
            json.WriteStartObject();
            json.WriteString("kind", warning.Kind.ToString());
            json.WriteString("text", warning.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();

        void Write(string name, MajorityQuorum quorum)
        {
            json.WriteStartObject(name);
            json.WriteNumber("voters", quorum.Voters);
            json.WriteNumber("quorum", quorum.Size);
            json.WriteNumber("canLose", quorum.Tolerance);
            json.WriteEndObject();
        }
    }

    private static string[] Row(string name, int now, int after) => [name, Words.Number((long)now), Words.Number((long)after)];
}
