using System.Text;
using System.Text.Json;

namespace Graft.Cli;

/// <summary>A failure as it's printed.</summary>
internal static class FailureText
{
    // Where the code ends, at the right of the first line.
    private const int Width = 78;

    internal static string NameOf(FailureCode code) => code switch
    {
        FailureCode.Error => "error",
        FailureCode.Usage => "usage",
        FailureCode.Unreachable => "unreachable",
        FailureCode.Auth => "auth",
        FailureCode.NoQuorum => "no-quorum",
        FailureCode.Refused => "refused",
        FailureCode.Sql => "sql",
        FailureCode.Findings => "findings",
        FailureCode.UnknownOutcome => "unknown-outcome",
        FailureCode.Incompatible => "incompatible",
        FailureCode.Interrupted => "interrupted",
    };

    /// <summary>For people: the sentence with its code, facts, what was applied, and what to try. Ends with a line break.</summary>
    /// <param name="failure">What to say.</param>
    /// <param name="name">How graft was called, for what is to be pasted.</param>
    internal static string ForPeople(Failure failure, string name = "graft")
    {
        string code = $"[{NameOf(failure.Code)}]";
        string head = $"error: {failure.Message}";
        var text = new StringBuilder(head);
        if (head.Length + 1 + code.Length <= Width)
        {
            text.Append(' ', Width - head.Length - code.Length).Append(code).Append('\n');
        }
        else
        {
            text.Append(' ').Append(code).Append('\n');
        }

        foreach (string fact in failure.Facts)
        {
            text.Append("  ").Append(fact).Append('\n');
        }

        if (Describe(failure.Outcome) is { } outcome)
        {
            text.Append("  outcome: ").Append(outcome).Append('\n');
        }

        string lead = "  try: ";
        foreach (string hint in failure.Hints)
        {
            text.Append(lead).Append(hint.StartsWith("graft ", StringComparison.Ordinal) ? name + hint["graft".Length..] : hint).Append('\n');
            lead = "       ";
        }

        return text.ToString();
    }

    /// <summary>For scripts: one line of JSON, with its line break.</summary>
    internal static string ForScripts(Failure failure) => JsonText.Of(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("code", NameOf(failure.Code));
        json.WriteString("message", failure.Message);
        if (failure.Outcome != Outcome.None)
        {
            json.WriteString("outcome", failure.Outcome switch
            {
                Outcome.NotApplied => "not-applied",
                Outcome.Partial => "partial",
                _ => "unknown",
            });
        }

        json.WriteBoolean("retryable", failure.IsRetryable);
        WriteLines(json, "facts", failure.Facts);
        WriteLines(json, "hints", failure.Hints);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static void WriteLines(Utf8JsonWriter json, string name, IReadOnlyCollection<string> lines)
    {
        if (lines.Count > 0)
        {
            json.WriteStartArray(name);
            foreach (string line in lines)
            {
                json.WriteStringValue(line);
            }

            json.WriteEndArray();
        }
    }

    private static string? Describe(Outcome outcome) => outcome switch
    {
        Outcome.NotApplied => "NOT applied",
        Outcome.Partial => "PARTIAL - the statements before it took effect, and those behind it that could be run",
        Outcome.Unknown => "UNKNOWN - it may still be applied, or have been",
        _ => null,
    };
}
