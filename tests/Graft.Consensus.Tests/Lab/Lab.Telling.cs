using Graft.Simulation.Core;

namespace Graft.Consensus.Tests;

// What a lab tells of itself, and what it checks across disks.
internal sealed partial class Lab
{
    /// <summary>Told of every event, if set.</summary>
    internal LabNarrator? Narrator { get; set; }

    internal bool Knows(ulong id) => _nodes.ContainsKey(id);

    /// <summary>Mends every cut that touches <paramref name="id"/>.</summary>
    internal void Rejoin(ulong id) => _cuts.RemoveWhere(cut => cut.From.Value == id || cut.To.Value == id);

    /// <summary>The node looks at its clock, and sees that its deadline has come: time passes that only it notices.</summary>
    internal void Tick(ulong id)
    {
        LabNode node = _nodes[id];
        if (node.Core.NextDeadline != Instant.Never)
        {
            Now = Instant.Later(Now, node.Clock.When(node.Core.NextDeadline));
        }

        node.Core.Tick(node.Clock.Read(Now));
        Settle(node);
    }

    /// <summary>
    /// The oldest matching message under way, and then the snapshot that the node waits for, arrive in one batch: the core
    /// is asked what to do once, after both.
    /// </summary>
    internal void DeliverWithSnapshot(ulong id, Func<Message, bool> matches, SnapshotImage image)
    {
        LabNode node = _nodes[id];
        LabFlight flight = _flights.First(flight => matches(flight.Envelope.Message));
        _flights.Remove(flight);
        node.Host!.Receive(flight.Envelope, node.Clock.Read(Now));
        node.Host.ReceiveSnapshot(image, node.Clock.Read(Now));
        Settle(node);
    }

    // DURABLE: what a leader has committed is on the disks of a majority of each half of the configuration it belongs to.
    private void CheckStored(LabNode node)
    {
        RaftCore core = node.Core;
        if (core.Role != Role.Leader || core.CommitIndex <= core.Log.Base.Index)
        {
            return;
        }

        var committed = new EntryId(core.Log.TermAt(core.CommitIndex), core.CommitIndex);
        Membership inForce = core.MembershipAt(core.CommitIndex, out _);
        Assert.True(
            IsOnMajority(inForce.IncomingVoters, committed) && IsOnMajority(inForce.OutgoingVoters, committed),
            $"{core.Id} has committed {committed}, which no quorum of {inForce} has on disk.");
    }

    private bool IsOnMajority(ReadOnlySpan<NodeId> voters, EntryId entry)
    {
        int stored = 0;
        foreach (NodeId voter in voters)
        {
            stored += _nodes.TryGetValue(voter.Value, out LabNode? node) && Holds(node.Disk, entry) ? 1 : 0;
        }

        return voters.Length == 0 || stored > voters.Length / 2;
    }

    private static bool Holds(CoreDisk disk, EntryId entry) =>
        disk.LogStart.Index >= entry.Index || disk.Snapshot?.Snapshot.Last.Index >= entry.Index || disk.Find(entry.Index)?.Id == entry;
}
