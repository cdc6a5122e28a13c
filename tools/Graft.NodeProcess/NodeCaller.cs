using System.Diagnostics;
using Graft.Network;

namespace Graft.NodeProcess;

/// <summary>Calls a cluster through whichever node answers, and again as long as that is safe.</summary>
/// <param name="connections">To all of its nodes.</param>
/// <param name="first">The node to begin with.</param>
internal sealed class NodeCaller(NodeConnections connections, int first)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private int _node = first;

    /// <summary>The node that the next call begins with.</summary>
    internal int Node
    {
        get => _node;
        set => _node = value;
    }

    /// <summary>How long one node may take before the next is asked.</summary>
    internal TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A command; with a session's number it's sent again until its outcome is known, without one only if it can't have been received.</summary>
    internal Task<CallEnd> WriteAsync(WriteCall write, TimeSpan timeout, CancellationToken cancellation = default) =>
        CallAsync(CallMethod.Write, write.Encode(), isRepeatable: write.Options.Session != 0, timeout, cancellation);

    internal Task<CallEnd> ReadAsync(ReadConsistency consistency, byte[] query, TimeSpan timeout, CancellationToken cancellation = default) =>
        CallAsync(CallMethod.Read, new ReadCall(consistency, query).Encode(), isRepeatable: true, timeout, cancellation);

    /// <summary>Opens a session. One whose answer was lost is left behind.</summary>
    /// <exception cref="IOException">It didn't come about.</exception>
    internal async Task<ulong> OpenSessionAsync(TimeSpan timeout, CancellationToken cancellation = default)
    {
        byte[] open = new WriteCall(WriteForm.OpenSession, default, BitConverter.GetBytes(TimeSpan.FromHours(1).Ticks)).Encode();
        CallEnd end = await CallAsync(CallMethod.Write, open, isRepeatable: true, timeout, cancellation);
        return end.Outcome == CallOutcome.Done && WriteReply.TryRead(end.Body, out WriteResult result)
            ? result.Index.Value
            : throw new IOException($"No session was opened ({end.Outcome}). {end.Text}");
    }

    internal async Task<CallEnd> CallAsync(ushort method, byte[] body, bool isRepeatable, TimeSpan timeout, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        bool mayBeDone = false;
        string last = "";
        while (true)
        {
            TimeSpan left = timeout - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || (mayBeDone && !isRepeatable))
            {
                return new CallEnd(mayBeDone ? CallOutcome.Unknown : CallOutcome.Rejected, default, last);
            }

            int node = _node;
            TimeSpan pause = Pause;
            CallConnection? connection = null;
            try
            {
                connection = await connections.GetAsync(node, cancellation);
                CallReply reply = await connection.CallAsync(method, GraftNode.DefaultGroup, body, left < Attempt ? left : Attempt, cancellation);
                if (reply.Status == ReplyStatus.Done)
                {
                    return new CallEnd(CallOutcome.Done, reply.Body, "");
                }

                (bool isFinal, bool isUnknown, last) = Judge(reply);
                mayBeDone |= isUnknown;
                if (isFinal)
                {
                    return new CallEnd(mayBeDone ? CallOutcome.Unknown : CallOutcome.Rejected, default, last);
                }

                pause = reply.RetryAfter > pause ? reply.RetryAfter : pause;
            }
            catch (CallUnansweredException unanswered)
            {
                mayBeDone = true;
                last = unanswered.Message;
                await connections.DropAsync(node, connection!);
            }
            catch (IOException unsent)
            {
                last = unsent.Message;
            }

            _node = (node + 1) % connections.Count;
            await Task.Delay(pause, cancellation);
        }
    }

    // Whoever merely can't take it now is asked again, or another is. Any other refusal is the answer.
    private static (bool IsFinal, bool IsUnknown, string Text) Judge(CallReply reply)
    {
        if (reply.Status is not (ReplyStatus.Rejected or ReplyStatus.Unknown or ReplyStatus.NotRead) || !FailureReply.TryRead(reply.Body.Span, out FailureReply failure))
        {
            return (false, reply.Status != CallStatus.Overloaded, $"Status {reply.Status:x}.");
        }

        bool isFinal = failure.Reason is RejectReason.TooLarge or RejectReason.SessionExpired or RejectReason.Fenced
            or RejectReason.NoSuchGroup or RejectReason.AnswerForgotten or RejectReason.Malformed;
        return (isFinal, reply.Status == ReplyStatus.Unknown, $"{failure.Reason}: {failure.Text}");
    }
}
