using System.Buffers.Binary;
using Graft.Network;
using Graft.NodeProcess;

namespace Graft.EndToEnd.Tests;

/// <summary>Writes number after number, reads now and then, and remembers what it was told.</summary>
/// <param name="id">Its name in the ledger.</param>
/// <param name="connections">Its own.</param>
/// <param name="hasSession">Whether it numbers its writes for the cluster too. Without, an outcome may be unknown.</param>
internal sealed class ChaosClient(ulong id, NodeConnections connections, bool hasSession)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly NodeCaller _caller = new(connections, (int)(id % 3));

    internal ulong Id => id;

    internal ClientAccount Account { get; } = new(id);

    /// <summary>Runs until told to stop; what is under way then is ended first.</summary>
    internal async Task RunAsync(CancellationToken stop, CancellationToken cancellation)
    {
        ulong session = hasSession ? await _caller.OpenSessionAsync(Timeout, cancellation) : 0;
        ulong acknowledged = 0;
        for (ulong number = 1; !stop.IsCancellationRequested; number++)
        {
            var options = new WriteOptions { Session = session, Sequence = session == 0 ? 0 : number, AnsweredBelow = session == 0 ? 0 : number };
            var write = new WriteCall(WriteForm.Command, options, LedgerCommand.Encode(id, number, number % 16, 100));
            CallEnd end = await _caller.WriteAsync(write, Timeout, cancellation);
            Account.Note(number, end.Outcome);
            acknowledged = end.Outcome == CallOutcome.Done ? number : acknowledged;
            if (hasSession && end.Outcome != CallOutcome.Done)
            {
                Account.NoteWrong($"number {number} of a session ended as {end.Outcome}: {end.Text}");
                return;
            }

            // Every so often from another node than the one that was written through.
            if (number % 16 == 0)
            {
                _caller.Node = (_caller.Node + 1) % 3;
                await ReadAsync(acknowledged, cancellation);
            }
        }
    }

    private async Task ReadAsync(ulong acknowledged, CancellationToken cancellation)
    {
        CallEnd end = await _caller.ReadAsync(ReadConsistency.Linearizable, LedgerQuery.Last(id), Timeout, cancellation);
        if (end.Outcome != CallOutcome.Done || !ReadReply.TryRead(end.Body, out QueryResult result))
        {
            Account.NoteWrong($"a linearizable read failed: {end.Text}");
        }
        else if (BinaryPrimitives.ReadUInt64LittleEndian(result.Answer.Span) is var last && last < acknowledged)
        {
            Account.NoteWrong($"a linearizable read saw number {last} after {acknowledged} was acknowledged");
        }
    }
}
