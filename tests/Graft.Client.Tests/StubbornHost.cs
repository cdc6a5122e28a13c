using Graft.Consensus;
using Graft.Network;

namespace Graft.Client.Tests;

/// <summary>A node that says that it leads, takes every write and never tells what came of it.</summary>
internal sealed class StubbornHost(NodeId self) : IEndpointHost
{
    internal int Writes { get; private set; }

    public ClusterId Cluster => new(1);

    public HelloRefusal? Judge(Hello hello, IReadOnlyList<string> peerNames) => null;

    public void Received(PeerMessage message) => message.Release();

    public void PeerConnected(NodeId node, Incarnation incarnation, NodeAddress? advertised)
    {
    }

    public void PeerLost(NodeId node, string why)
    {
    }

    public void PeerHeard(NodeId node, Incarnation incarnation, NodeAddress? advertised)
    {
    }

    public ValueTask<CallReply> ServeAsync(CallRequest request, CancellationToken cancellation)
    {
        if (request.Method == CallMethod.Describe)
        {
            Membership members = Membership.Of([new Member(self, MemberRole.Voter)]);
            return ValueTask.FromResult(
                new CallReply(ReplyStatus.Done, new GroupInfo(new Term(1), self, new LogIndex(1), new LogIndex(1), members, []).Encode()));
        }

        Writes++;
        return ValueTask.FromResult(new CallReply(CallStatus.Failed, default));
    }

    public ISnapshotSource? FindSnapshot(GroupId group, EntryId last, NodeId asker) => null;

    public void Happened(in NetworkEvent what)
    {
    }

    public void Faulted(Exception exception) => throw exception;
}
