using System.Text;

namespace Graft.Sqlite;

/// <summary>Says what a query may look at. That it changes nothing is SQLite's own doing (<c>query_only</c>).</summary>
internal sealed class ReadAuthorizer
{
    /// <summary>What is going on is our own, and may do anything.</summary>
    internal bool IsTrusted { get; set; } = true;

    /// <summary>Why the last statement was refused; null if it wasn't.</summary>
    internal string? Refusal { get; set; }

    internal Verdict Judge(AuthorizerAction action, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (IsTrusted)
        {
            return Verdict.Allow;
        }

        switch (action)
        {
            case AuthorizerAction.Attach or AuthorizerAction.Detach:
                return Refuse(Refusals.Attach);
            case AuthorizerAction.Pragma:
                return Pragmas.IsForReads(first, !second.IsEmpty) ? Verdict.Allow : Refuse(Refusals.Pragma(Encoding.UTF8.GetString(first)));
            case AuthorizerAction.Transaction or AuthorizerAction.Savepoint:
                return Refuse("a query is one snapshot already, and has no transaction; leave BEGIN, COMMIT and SAVEPOINT out");
            case AuthorizerAction.Function:
                return OwnNames.Is(second, "load_extension"u8) || OwnNames.Is(second, "fts3_tokenizer"u8)
                    ? Refuse($"{Encoding.UTF8.GetString(second)} {Refusals.Code}")
                    : Verdict.Allow;
            case AuthorizerAction.Read or AuthorizerAction.Insert or AuthorizerAction.Update or AuthorizerAction.Delete when OwnNames.IsOurs(first):
                return Refuse(Refusals.Own);
            case AuthorizerAction.CreateTempIndex or AuthorizerAction.CreateTempTable or AuthorizerAction.CreateTempTrigger or AuthorizerAction.CreateTempView:
                return Refuse(Refusals.Temporary);
            default:
                return Verdict.Allow;
        }
    }

    private Verdict Refuse(string why)
    {
        Refusal ??= why;
        return Verdict.Deny;
    }
}
