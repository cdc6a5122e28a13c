using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>Answers calls of clients and of other nodes.</summary>
internal sealed class CallService(NodeRuntime runtime, LeaderDesk desk)
{
    /// <summary>A request that was passed on this often isn't passed on again: those who passed it disagree on who leads.</summary>
    internal const int HopsMax = 3;

    // What stands before it in a reply is a few bytes.
    private const int AnswerBytesMax = WireLimits.CallBodyBytesMax - 64;

    internal async ValueTask<CallReply> ServeAsync(CallRequest request, CancellationToken cancellation)
    {
        if (runtime.Find(request.Group) is not { } group)
        {
            return Failure(ReplyStatus.Rejected, RejectReason.NoSuchGroup, $"{runtime.Identity.Node} has no {request.Group}.");
        }

        try
        {
            return request.Method switch
            {
                CallMethod.Write => await WriteAsync(group, request, cancellation),
                CallMethod.Read => await ReadAsync(group, request, cancellation),
                CallMethod.Describe => Done((await group.DescribeAsync()).Encode()) with { ChangedNothing = true },
                CallMethod.ChangeMembers or CallMethod.PlanMembers or CallMethod.ListMembers => Done(WriteReply.Encode(
                    await desk.AskAsync(group, request.Method, request.Body.ToArray(), request.Remaining, request.Hops, cancellation))),
                CallMethod.Removed => NoteRemoved(group, request),
                CallMethod.Transfer => await TransferAsync(group, request, cancellation),
                CallMethod.Ready => group.View.Leader is null
                    ? Failure(ReplyStatus.NotRead, RejectReason.NoLeader, $"{group.Id} has no leader that {runtime.Identity.Node} knows of.")
                    : Done(default),
                _ => Failure(ReplyStatus.Rejected, RejectReason.Malformed, $"Method {request.Method} is unknown here; this node may be older than its caller."),
            };
        }
        catch (OverloadedException overloaded)
        {
            return Failure(ReplyStatus.Rejected, overloaded.Reason, overloaded.Message) with { RetryAfter = overloaded.RetryAfter };
        }
        catch (MembershipRefusedException refused)
        {
            var body = new FailureReply(refused.Reason, refused.Leader, default, refused.Message) { Members = (refused.Refusal, refused.Index) };
            return new CallReply(ReplyStatus.Rejected, body.Encode());
        }
        catch (RejectedException rejected)
        {
            return Failure(ReplyStatus.Rejected, rejected.Reason, rejected.Message, rejected.Leader);
        }
        catch (SessionExpiredException expired)
        {
            return Failure(ReplyStatus.Rejected, RejectReason.SessionExpired, expired.Message);
        }
        catch (UnknownOutcomeException unknown)
        {
            RejectReason why = unknown.IsAnswerLost ? RejectReason.TooLarge : RejectReason.None;
            return new CallReply(ReplyStatus.Unknown, new FailureReply(why, null, unknown.Write, unknown.Message).Encode());
        }
        catch (ReadFailedException failed)
        {
            return Failure(ReplyStatus.NotRead, failed.Reason, failed.Message);
        }
    }

    private static async ValueTask<CallReply> WriteAsync(GroupActor group, CallRequest request, CancellationToken cancellation)
    {
        if (!WriteCall.TryRead(request.Body, out WriteCall call))
        {
            return Malformed("a write");
        }

        // The body is the connection's; what is queued has to be ours.
        ReadOnlyMemory<byte> command = call.Command.ToArray();
        bool isAtEnd = request.Hops >= HopsMax;
        WriteOptions options = call.Options with { Timeout = request.Remaining, IsLocalOnly = call.Options.IsLocalOnly || isAtEnd };
        WriteResult result = await group.WriteAsync(call.Form, command, options, cancellation, request.Hops);
        if (result.Answer.Length <= AnswerBytesMax)
        {
            return Done(WriteReply.Encode(result));
        }

        // It's done, and asking again brings the same answer: a final word, and not the false one that nothing happened.
        var write = new WriteId(default, options.Session, options.Sequence);
        string text = $"It was carried out at index {result.Index}. {TooLong(result.Answer.Length)}";
        return new CallReply(ReplyStatus.Unknown, new FailureReply(RejectReason.TooLarge, null, write, text).Encode());
    }

    private static async ValueTask<CallReply> ReadAsync(GroupActor group, CallRequest request, CancellationToken cancellation)
    {
        if (!ReadCall.TryRead(request.Body, out ReadCall call))
        {
            return Malformed("a read");
        }

        ReadOnlyMemory<byte>? query = null;
        if (call.Query is { } bytes)
        {
            query = bytes.ToArray();
        }

        try
        {
            QueryResult result = await group.ReadAsync(call.Consistency, query, request.Remaining, cancellation);
            return result.Answer.Length <= AnswerBytesMax
                ? Done(ReadReply.Encode(result)) with { ChangedNothing = true }
                : Failure(ReplyStatus.Rejected, RejectReason.TooLarge, $"{TooLong(result.Answer.Length)} Ask for less at a time.");
        }
        catch (QueryFailedException failed)
        {
            return new CallReply(ReplyStatus.QueryFailed, System.Text.Encoding.UTF8.GetBytes(failed.Message));
        }
    }

    private CallReply NoteRemoved(GroupActor group, CallRequest request)
    {
        if (!RemovedCall.TryRead(request.Body.Span, out RemovedCall call))
        {
            return Malformed("word of a removal");
        }

        // Of nobody but a member: a client may change members, and then a leader says so. One that joined later than this node heard of isn't
        // believed; the node finds out by itself then.
        if (request.Caller.Node is not { } caller || !group.View.Membership.Contains(caller))
        {
            return Failure(ReplyStatus.Rejected, RejectReason.Malformed, $"{runtime.Identity.Node} believes only members of {group.Id} that it was removed.");
        }

        group.NoteRemoved(call.Index, call.ShallStop);
        return Done(default);
    }

    private async ValueTask<CallReply> TransferAsync(GroupActor group, CallRequest request, CancellationToken cancellation)
    {
        if (!TransferCall.TryRead(request.Body.Span, out TransferCall call))
        {
            return Malformed("a transfer");
        }

        return Done(WriteReply.Encode(await desk.TransferAsync(group, call, request.Remaining, request.Hops, cancellation)));
    }

    private static CallReply Done(ReadOnlyMemory<byte> body) => new(ReplyStatus.Done, body);

    private static string TooLong(int bytes) => $"The state machine's answer has {bytes} bytes; a call carries up to {AnswerBytesMax}.";

    private static CallReply Malformed(string what) => Failure(ReplyStatus.Rejected, RejectReason.Malformed, $"The body is not {what} that this version knows.");

    private static CallReply Failure(ushort status, RejectReason reason, string text, NodeId? leader = null) =>
        new(status, new FailureReply(reason, leader, default, text).Encode());
}
