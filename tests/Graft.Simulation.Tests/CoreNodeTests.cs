using Graft.Consensus;
using Graft.Simulation.Core;

namespace Graft.Simulation.Tests;

public sealed class CoreNodeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Hosts_that_do_their_duties_elect_one_leader_and_apply_the_same_state(int size)
    {
        ulong[] ids = [.. Enumerable.Range(1, size).Select(id => (ulong)id)];
        var founding = Membership.Of(ids);
        CoreNode[] nodes = [.. ids.Select(id => new CoreNode(new CoreDisk(founding), incarnation => Options(id, incarnation), default))];
        var now = default(Instant);

        for (int turn = 0; turn < 2000; turn++)
        {
            now += TimeSpan.FromMilliseconds(1);
            if (turn > 1000 && turn < 1900 && nodes.FirstOrDefault(node => node.Core.Role == Role.Leader) is { } leader)
            {
                leader.Propose([(ulong)turn], bytes: 100, now);
            }

            Turn(nodes, now);
        }

        CoreNode elected = Assert.Single(nodes, node => node.Core.Role == Role.Leader);
        Assert.True(elected.State.Applied.Value > 890, elected.Core.Status(now).Explain());
        Assert.All(nodes, node => Assert.Equal(elected.State, node.State));
        Assert.All(nodes, node => node.Core.CheckInvariants());
    }

    private static void Turn(CoreNode[] nodes, Instant now)
    {
        foreach (CoreNode node in nodes)
        {
            node.Core.Tick(now);
            node.Turn(now);
            while (node.Disk.Pending.Count > 0)
            {
                node.CompleteWrite(0, now);
                node.Turn(now);
            }

            foreach (Message message in node.Outbox)
            {
                if (node.TryLoad(message, now, out Envelope envelope))
                {
                    nodes.Single(other => other.Id == message.To).Receive(envelope, now);
                }
            }

            node.Outbox.Clear();
        }
    }

    private static RaftOptions Options(ulong id, Incarnation incarnation) => new()
    {
        Cluster = new ClusterId(1),
        Node = new NodeId(id),
        Incarnation = incarnation,
        Seed = id,
    };
}
