using Graft.Network;
using Graft.NodeProcess;

namespace Graft.Bench.Cluster;

/// <summary>Calls our nodes. Its writes have no session, so each is one entry.</summary>
internal sealed class OwnCaller(ulong id, NodeCaller caller, ClusterArguments arguments) : IMeasuredCaller
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly byte[] _query = LedgerQuery.Register(id);
    private ulong _number;

    public Task<CallEnd> WriteAsync() =>
        caller.WriteAsync(new WriteCall(WriteForm.Command, default, LedgerCommand.Encode(id, ++_number, id, arguments.Size)), Timeout);

    public Task<CallEnd> ReadAsync() => caller.ReadAsync(arguments.Consistency, _query, Timeout);
}
