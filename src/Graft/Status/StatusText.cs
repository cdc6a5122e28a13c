using System.Globalization;
using Graft.Consensus;

namespace Graft;

/// <summary>A status in sentences, the most urgent first: what is the matter, and what to do.</summary>
internal static class StatusText
{
    /// <summary>A flush that takes longer is what makes a write slow, on any disk that is fit for a log.</summary>
    internal static readonly TimeSpan SlowFlush = TimeSpan.FromMilliseconds(100);

    // What a state machine has before it when it's fed batch by batch; more than that, and it's behind.
    internal const ulong ApplyLagMax = 1000;
    private const int LinkQueueMax = 1 << 20;

    internal static string Of(NodeId node, Exception failure) =>
        $"{node} can't go on and answers nobody: {failure.Message} Do what that says, and start the node again.";

    internal static IEnumerable<string> Of(GroupStatus status)
    {
        if (status.Ended is { } ended)
        {
            yield return $"{status.Node} takes no part in {status.Group} any more: {ended} It was in {status.Term}; only a restart of the node brings it back.";
        }

        foreach (string sentence in OfDamage(status).Concat(OfConsensus(status)).Concat(OfPeers(status)).Concat(OfLoad(status)))
        {
            yield return sentence;
        }
    }

    private static IEnumerable<string> OfDamage(GroupStatus status)
    {
        if (status.Disk.Failure is { } failure)
        {
            yield return $"The log of {status.Node} has failed: {failure} Replace the disk, and start the node again.";
        }

        if (status.Halted is { } halted)
        {
            yield return $"The state machine applies nothing further here; the node still votes. {halted.Message}";
        }

        if (status.Divergence is { } divergence && status.Halted?.Message.Contains(divergence, StringComparison.Ordinal) != true)
        {
            yield return divergence;
        }

        if (status.Removed is { } removed)
        {
            yield return $"{status.Node} was removed by the configuration at index {removed}. If it wasn't meant, add it again.";
        }

        if (status.ClockExcess > TimeSpan.Zero)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The wall clock of {status.Node} is {status.ClockExcess.TotalSeconds:0} s ahead of those of most voters: it leaves leading to others. Set the clock.");
        }

        if (status.Disk.IsFull)
        {
            yield return $"The disk of {status.Node} is full: commands are refused, votes and reads go on. Free space; it goes on by itself.";
        }
    }

    private static IEnumerable<string> OfConsensus(GroupStatus status)
    {
        if (status.Raft is { } raft)
        {
            yield return raft.Explain();
            if (raft.Leader is null && CountReachable(status) is var (reachable, voters) && reachable <= voters / 2)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{reachable} of {voters} voters can be reached from here and reach this node, itself included: too few to elect anybody. Start the others, or mend the network.");
            }
        }
    }

    private static IEnumerable<string> OfPeers(GroupStatus status)
    {
        foreach (PeerStatus peer in status.Peers)
        {
            if (peer.Link is not { } link)
            {
                continue;
            }

            if (link.Address is null)
            {
                yield return $"Nobody has said where {peer.Node} is. Start it: it then says so itself.";
            }
            else if (!link.IsConnected)
            {
                yield return link.LastError.Length == 0
                    ? $"{peer.Node} at {link.Address} isn't connected yet."
                    : $"{peer.Node} at {link.Address} isn't connected: {link.LastError}";
            }
            else if (link.RoundTrip is { } roundTrip && roundTrip > status.ElectionTimeout / 4)
            {
                yield return $"A round trip to {peer.Node} takes {Text(roundTrip)}, and the election timeout is {Text(status.ElectionTimeout)}: leaders "
                    + "will be lost for nothing. Raise the timeout, or mend the network.";
            }
            else if (link.QueuedBytes > LinkQueueMax)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"{link.QueuedBytes} bytes wait to be sent to {peer.Node}: the network is slower than the writes.");
            }

            if (IsDeaf(status, peer))
            {
                yield return $"{peer.Node} at {link.Address} can be reached from here, and has no connection to {status.Node}, so nothing that it says arrives. "
                    + "See that it can reach what this node advertises (Advertised, or else Listen).";
            }
        }
    }

    private static IEnumerable<string> OfLoad(GroupStatus status)
    {
        if (status.Disk.LastFlush is { } flush && flush > SlowFlush)
        {
            yield return $"The last flush took {Text(flush)}, and every write waits for one. Look for who else uses the disk, or use a faster one.";
        }

        if (status.IsRestoring)
        {
            yield return "The state machine is taking its state from a disk or a snapshot; reads wait until it has.";
        }
        else if (status is { ApplyLag: > ApplyLagMax, Halted: null, IsWitness: false })
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"{status.ApplyLag} committed entries aren't applied yet: the state machine is slower than the writes.");
        }

        PendingStatus pending = status.Pending;
        if (pending.WritesHeld > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"Writes that wait for a leader: {pending.WritesHeld}.");
        }

        if (pending.QueuedBytes > pending.QueuedBytesMax / 2)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{pending.QueuedBytes} of {pending.QueuedBytesMax} bytes of commands wait; beyond that they are refused. Write less at a time.");
        }
    }

    private static (int Reachable, int Voters) CountReachable(GroupStatus status)
    {
        int voters = 0;
        int reachable = 0;
        foreach (Member member in status.Membership.Members)
        {
            if (member.IsVoter)
            {
                voters++;
                reachable += member.Id == status.Node || IsReachable(status, member.Id) ? 1 : 0;
            }
        }

        return (reachable, voters);
    }

    // A link that was never made says nothing of the other side.
    private static bool IsReachable(GroupStatus status, NodeId node) =>
        status.Peers.FirstOrDefault(peer => peer.Node == node) is not { } peer || (peer.Link is not { IsConnected: false } && !IsDeaf(status, peer));

    // What a peer says comes on the connection that it makes. While one of the two leads or nobody does, it has to answer; two followers
    // have nothing to say to each other.
    private static bool IsDeaf(GroupStatus status, PeerStatus peer) =>
        peer is { Link.IsConnected: true, SilentFor: null } && (status.Role == Role.Leader || status.Leader is null);

    private static string Text(TimeSpan span) => $"{span.TotalMilliseconds.ToString("0.#", CultureInfo.InvariantCulture)} ms";
}
