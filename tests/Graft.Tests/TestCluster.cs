using System.Runtime.CompilerServices;
using System.Text;
using Graft.Consensus;
using Graft.Network;
using Graft.Storage;
using Graft.Tests.Support;

namespace Graft.Tests;

/// <summary>Nodes without sockets, in a world of one thread: what they send arrives after a millisecond, unless it's cut.</summary>
internal sealed class TestCluster
{
    internal static readonly GroupId Group = new(1);

    private readonly HashSet<(NodeId From, NodeId To)> _cuts = [];
    private readonly SeededRandom _random;
    private readonly GroupSettings _settings;

    private TestCluster(WorldContext world, ulong seed, int nodes, GroupSettings? settings)
    {
        World = world;
        _random = new SeededRandom(seed);
        _settings = settings ?? new GroupSettings();
        for (int i = 1; i <= nodes; i++)
        {
            Nodes.Add(new TestNode(this, new NodeId((ulong)i)));
        }
    }

    internal WorldContext World { get; }

    internal List<TestNode> Nodes { get; } = [];

    /// <summary>There is none: these nodes are connected by <see cref="Deliver"/>.</summary>
    internal INetwork Bytes { get; } = new MemoryNetwork().At("nowhere");

    internal GroupSettings Settings => _settings;

    internal TestNode Leader => Nodes.Single(node => node.IsRunning && node.Actor.View.Role == Role.Leader
        && Nodes.All(other => !other.IsRunning || other.Actor.View.Term <= node.Actor.View.Term));

    internal static ReadOnlyMemory<byte> Encode(string text) => Encoding.UTF8.GetBytes(text);

    internal static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    /// <summary>Plays a story from beginning to end.</summary>
    internal static void Play(int nodes, Func<TestCluster, Task> story, ulong seed = 1, GroupSettings? settings = null)
    {
        WorldContext.Run(seed, world => story(new TestCluster(world, seed, nodes, settings)), TimeSpan.FromMinutes(30), clockMoves: true);
    }

    internal ulong NextSeed() => _random.NextUInt64();

    /// <summary>Founds the group on the first node and adds the others as voters.</summary>
    internal async Task StartAllAsync()
    {
        Nodes[0].Start(isFounder: true);
        await UntilAsync(() => Nodes[0].Actor.View.Role == Role.Leader);
        for (int i = 1; i < Nodes.Count; i++)
        {
            Nodes[i].Start(isFounder: false);
            await AddAsync(Nodes[i].Id);
        }
    }

    internal async Task AddAsync(NodeId node)
    {
        while (true)
        {
            try
            {
                await Leader.Actor.ChangeMembersAsync(new MembersRequest(MembershipChange.None.Add(node)) { Force = true });
                break;
            }
            catch (MembershipRefusedException early) when (early.Refusal is MembershipRefusal.NoOwnTermCommit or MembershipRefusal.ChangeInProgress)
            {
                await DelayAsync(10);
            }
        }

        await UntilAsync(() => Leader.Actor.View.Membership is { IsJoint: false } members && members.Find(node) is { Role: MemberRole.Voter });
    }

    internal Task DelayAsync(int milliseconds) => World.DelayAsync(TimeSpan.FromMilliseconds(milliseconds));

    internal Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") => World.UntilAsync(condition, what);

    /// <summary>Has something happen a little later.</summary>
    internal void Later(int milliseconds, Action action) => _ = LaterAsync(milliseconds, action);

    internal async Task UntilLeaderAsync() =>
        await UntilAsync(() => Nodes.Count(node => node.IsRunning && node.Actor.View.Role == Role.Leader) == 1
            && Nodes.Where(node => node.IsRunning).All(node => node.Actor.View.Leader == Leader.Id));

    internal void Isolate(TestNode node, bool isCut = true)
    {
        foreach (TestNode other in Nodes)
        {
            Cut(node.Id, other.Id, isCut);
        }
    }

    internal void Cut(NodeId one, NodeId other, bool isCut)
    {
        foreach ((NodeId, NodeId) way in new[] { (one, other), (other, one) })
        {
            _ = isCut ? _cuts.Add(way) : _cuts.Remove(way);
        }
    }

    internal bool IsReached(NodeId from, NodeId by) => Nodes.Find(node => node.Id == from) is { IsRunning: true } && !_cuts.Contains((from, by));

    internal void Deliver(GroupId group, in Message message, ReadOnlySpan<StoredEntry> entries)
    {
        if (_cuts.Contains((message.From, message.To)))
        {
            return;
        }

        var received = new TestMessage(message, entries);
        TestNode? receiver = Nodes.Find(node => node.Id == received.Message.To);
        Later(1, () =>
        {
            if (receiver is { IsRunning: true } && !_cuts.Contains((received.Message.From, received.Message.To)))
            {
                receiver.Runtime.FindOrCreate(group)!.Receive(received);
            }
        });
    }

    private async Task LaterAsync(int milliseconds, Action action)
    {
        await DelayAsync(milliseconds);
        action();
    }

    private sealed class TestMessage : ReceivedMessage
    {
        private readonly StoredEntry[] _entries;

        internal TestMessage(in Message message, ReadOnlySpan<StoredEntry> entries)
        {
            Message = message;
            _entries = entries.ToArray();
            for (int i = 0; i < _entries.Length; i++)
            {
                // The sender's bytes are the sender's.
                _entries[i] = _entries[i] with { Payload = _entries[i].Payload.ToArray() };
            }
        }

        internal override ReadOnlySpan<StoredEntry> Entries => _entries;

        public override void Release()
        {
            // Whoever looks at it after this finds what can't be.
            foreach (StoredEntry entry in _entries)
            {
                System.Runtime.InteropServices.MemoryMarshal.AsMemory(entry.Payload).Span.Fill(0xDD);
            }
        }
    }
}
