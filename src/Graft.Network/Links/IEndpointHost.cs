using Graft.Consensus;

namespace Graft.Network;

/// <summary>The node behind an <see cref="Endpoint"/>: takes what arrives.</summary>
/// <remarks>Called on the loops of connections, several at a time in production. What a call throws is a bug and comes back as <see cref="Faulted"/>.</remarks>
public interface IEndpointHost : IHelloPolicy
{
    /// <summary>Takes a message; ownership passes. Must not block: put it into the group's inbox.</summary>
    /// <remarks>Messages of one connection come in order. After a newer connection of that node was accepted none comes from the older (museum L01).</remarks>
    void Received(PeerMessage message);

    /// <summary>Our link to a node is up: what is sent from here on can arrive.</summary>
    void PeerConnected(NodeId node, Incarnation incarnation, NodeAddress? advertised);

    /// <summary>Our link to a node is down; called once after each <see cref="PeerConnected"/>.</summary>
    void PeerLost(NodeId node, string why);

    /// <summary>A node is there and doesn't want our link. Called for each attempt.</summary>
    void PeerRefused(NodeId node, HelloRefusal refusal)
    {
    }

    /// <summary>A node has connected to us, so it lives. The link to it, if there is one, tries again at once.</summary>
    void PeerHeard(NodeId node, Incarnation incarnation, NodeAddress? advertised);

    /// <summary>Answers one request. Requests of one connection run beside each other and are answered as they end.</summary>
    /// <param name="request">Its body is valid until the returned task ends.</param>
    /// <param name="cancellation">Cancelled when the caller cancels, its time is over, or its connection ends.</param>
    /// <returns>The answer. Its body is the endpoint's from then on, until it's sent.</returns>
    ValueTask<CallReply> ServeAsync(CallRequest request, CancellationToken cancellation);

    /// <summary>The snapshot of a group that ends at this entry, or null. The endpoint disposes it.</summary>
    ISnapshotSource? FindSnapshot(GroupId group, EntryId last, NodeId asker);

    /// <summary>Something that an operator may want to know; the node logs it.</summary>
    void Happened(in NetworkEvent what);

    /// <summary>A bug, ours or the host's: what it was doing has ended in the middle, and the process should stop.</summary>
    void Faulted(Exception exception);
}
