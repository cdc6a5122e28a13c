using System.Globalization;
using Graft.Storage;
using Microsoft.AspNetCore.Http;

namespace Graft.Server;

/// <summary>What a failure looks like to a client: a status, a sentence, and whether the request may have had an effect.</summary>
/// <remarks><c>X-Graft-Outcome</c> is <c>rejected</c> (nothing happened, and nothing will) or <c>unknown</c> (ask with what <c>X-Graft-Write</c> says).</remarks>
internal static class Failures
{
    private const string Outcome = "X-Graft-Outcome";

    internal static bool IsKnown(Exception failure) => failure is RequestRefusedException or GraftException or BadHttpRequestException or ApplyHaltedException
        or SnapshotException or DiskException or NotSupportedException or OperationCanceledException;

    /// <summary>What the dialect says of a failure; the failure's own words where it has none.</summary>
    internal static string Text(Exception failure) => failure switch
    {
        RejectedException { Reason: RejectReason.NoLeader or RejectReason.NotLeader } or ReadFailedException { Reason: RejectReason.NoLeader } => "leader not found",
        _ => failure.Message,
    };

    internal static Task AnswerAsync(HttpContext context, Exception failure)
    {
        IHeaderDictionary headers = context.Response.Headers;
        if (failure is UnknownOutcomeException unknown)
        {
            headers[Outcome] = "unknown";
            headers["X-Graft-Write"] = Describe(unknown.Write);
        }
        else if (failure is RejectedException { Reason: not (RejectReason.SessionExpired or RejectReason.AnswerForgotten) })
        {
            headers[Outcome] = "rejected";
        }

        if (failure is OverloadedException overloaded)
        {
            headers.RetryAfter = Math.Max(1, Math.Ceiling(overloaded.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        context.Response.StatusCode = StatusOf(failure);
        return HttpText.WriteAsync(context, Text(failure));
    }

    /// <summary>A write as the parameters of <c>/api/v1/outcome</c>.</summary>
    internal static string Describe(WriteId write)
    {
        List<string> parts = [];
        if (write.Entry != default)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"entry={write.Entry.Term.Value}.{write.Entry.Index.Value}"));
        }

        if (write.Session != 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"session={write.Session}&sequence={write.Sequence}"));
        }

        return string.Join('&', parts);
    }

    private static int StatusOf(Exception failure) => failure switch
    {
        RequestRefusedException refused => refused.Status,
        BadHttpRequestException bad => bad.StatusCode,
        MembershipRefusedException => StatusCodes.Status409Conflict,
        SessionExpiredException or RejectedException { Reason: RejectReason.SessionExpired } => StatusCodes.Status409Conflict,
        RejectedException { Reason: RejectReason.TooLarge } => StatusCodes.Status413PayloadTooLarge,
        RejectedException { Reason: RejectReason.DiskFull } => StatusCodes.Status507InsufficientStorage,
        RejectedException { Reason: RejectReason.Malformed or RejectReason.NoSuchGroup } => StatusCodes.Status400BadRequest,
        RejectedException or ReadFailedException or ApplyHaltedException => StatusCodes.Status503ServiceUnavailable,
        UnknownOutcomeException or OperationCanceledException => StatusCodes.Status504GatewayTimeout,
        NotSupportedException => StatusCodes.Status501NotImplemented,
        _ => StatusCodes.Status500InternalServerError,
    };
}
