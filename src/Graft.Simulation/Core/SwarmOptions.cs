using System.Globalization;
using System.Text;
using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>What one seed is made of: cluster, options of its cores, and which faults exist how often.</summary>
/// <remarks>
/// Drawn anew for every seed. A mixture that is the same everywhere finds what that mixture finds: some bugs need calm
/// disks and a mad network, some the reverse, and most an option at its extreme.
/// </remarks>
internal sealed class SwarmOptions
{
    private readonly int[] _weights = new int[Enum.GetValues<FaultKind>().Length];

    private SwarmOptions(ulong seed) => Seed = seed;

    internal ulong Seed { get; }

    internal int Voters { get; private set; }

    internal int Learners { get; private set; }

    internal int Witnesses { get; private set; }

    internal TimeSpan ElectionTimeout { get; private set; }

    internal TimeSpan? Heartbeat { get; private set; }

    internal TimeSpan? NoticeDelay { get; private set; }

    internal TimeSpan? SnapshotStall { get; private set; }

    internal TimeSpan? DiskStall { get; private set; }

    internal TimeSpan? RestAfter { get; private set; }

    internal int DriftPerMille { get; private set; }

    internal int MessageBytesMax { get; private set; }

    internal int MessageEntriesMax { get; private set; }

    internal int WindowMessagesMax { get; private set; }

    internal long WindowBytesMax { get; private set; }

    internal int WindowEntriesMax { get; private set; }

    internal int EntryBytesMax { get; private set; }

    internal int UncommittedEntriesMax { get; private set; }

    internal int ReadsPendingMax { get; private set; }

    internal TimeSpan Latency { get; private set; }

    internal int JitterPercent { get; private set; }

    internal int LossPerMille { get; private set; }

    internal int DuplicatePerMille { get; private set; }

    internal int LatePerTenThousand { get; private set; }

    internal int MisdeliverPerTenThousand { get; private set; }

    internal bool IsReordering { get; private set; }

    internal int SlowLoadPerMille { get; private set; }

    internal int LateTickPerMille { get; private set; }

    internal TimeSpan DiskLatency { get; private set; }

    internal bool IsDiskReordering { get; private set; }

    /// <summary>How often inputs are taken in without concluding them at once.</summary>
    internal int BatchedPerMille { get; private set; }

    internal int FetchFailurePerMille { get; private set; }

    internal TimeSpan NemesisInterval { get; private set; }

    internal TimeSpan ClientInterval { get; private set; }

    internal int PayloadBytes { get; private set; }

    internal int ReadPercent { get; private set; }

    /// <summary>How many nodes may be down at once.</summary>
    internal int DownMax { get; private set; }

    internal int WeightOf(FaultKind kind) => _weights[(int)kind];

    internal static SwarmOptions Draw(ulong seed, SeededRandom random)
    {
        var options = new SwarmOptions(seed);
        options.DrawCluster(random);
        options.DrawLimits(random);
        options.DrawNetwork(random);
        options.DrawHost(random);
        options.DrawFaults(random);
        options.RestAfter = random.Chance(400) ? options.ElectionTimeout * Pick(random, 0, 1, 2, 4) / 2 : null;
        return options;
    }

    internal RaftOptions ForCore(NodeId node, Incarnation incarnation) => new()
    {
        Cluster = World.Cluster,
        Node = node,
        Incarnation = incarnation,
        Seed = unchecked((Seed * 0x9E3779B97F4A7C15) ^ (node.Value << 32) ^ incarnation.Value),
        ElectionTimeout = ElectionTimeout,
        HeartbeatInterval = Heartbeat,
        ClockDriftPerMille = DriftPerMille,
        MessageBytesMax = MessageBytesMax,
        MessageEntriesMax = MessageEntriesMax,
        WindowMessagesMax = WindowMessagesMax,
        WindowBytesMax = WindowBytesMax,
        WindowEntriesMax = WindowEntriesMax,
        EntryBytesMax = EntryBytesMax,
        UncommittedBytesMax = Math.Max(EntryBytesMax, 64L << 20),
        UncommittedEntriesMax = UncommittedEntriesMax,
        ReadsPendingMax = ReadsPendingMax,
        CommitNoticeDelay = NoticeDelay,
        SnapshotStallTimeout = SnapshotStall,
        DiskStallTimeout = DiskStall,
        RestAfter = RestAfter,
    };

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"voters={Voters} learners={Learners} witnesses={Witnesses} T={Ms(ElectionTimeout)} heartbeat={Ms(Heartbeat)} notice={Ms(NoticeDelay)} rest={(RestAfter is null ? "never" : Ms(RestAfter))}");
        text.Append(
            CultureInfo.InvariantCulture,
            $" drift={DriftPerMille}‰ message={MessageEntriesMax}e/{MessageBytesMax}B window={WindowMessagesMax}m/{WindowEntriesMax}e/{WindowBytesMax}B");
        text.Append(
            CultureInfo.InvariantCulture,
            $" entry={EntryBytesMax}B uncommitted={UncommittedEntriesMax} reads={ReadsPendingMax} snapshotStall={Ms(SnapshotStall)} diskStall={Ms(DiskStall)}");
        text.Append(
            CultureInfo.InvariantCulture,
            $" latency={Ms(Latency)}+{JitterPercent}% loss={LossPerMille}‰ dup={DuplicatePerMille}‰ late={LatePerTenThousand}‱ stray={MisdeliverPerTenThousand}‱ reorder={IsReordering}");
        text.Append(
            CultureInfo.InvariantCulture,
            $" disk={Ms(DiskLatency)}{(IsDiskReordering ? " unordered" : "")} batched={BatchedPerMille}‰ slowLoad={SlowLoadPerMille}‰ lateTick={LateTickPerMille}‰");
        text.Append(
            CultureInfo.InvariantCulture,
            $" clients={Ms(ClientInterval)} payload={PayloadBytes}B readShare={ReadPercent}% nemesis={Ms(NemesisInterval)} downMax={DownMax} faults=[");
        string gap = "";
        foreach (FaultKind kind in Enum.GetValues<FaultKind>())
        {
            if (WeightOf(kind) > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{gap}{kind}:{WeightOf(kind)}");
                gap = " ";
            }
        }

        return text.Append(']').ToString();
    }

    private static string Ms(TimeSpan? span) =>
        span is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds:0.###}ms") : "default";

    private void DrawCluster(SeededRandom random)
    {
        Voters = Pick(random, 1, 2, 2, 3, 3, 3, 3, 3, 4, 4, 5, 5, 5, 5, 6, 7, 9);
        Learners = Pick(random, 0, 0, 0, 1, 1, 2);
        Witnesses = random.Chance(300) && Voters > 1 ? random.Next(1, Voters / 2) : 0;
        ElectionTimeout = TimeSpan.FromMilliseconds(Pick(random, 50, 100, 150, 300, 500, 1000));
        Heartbeat = random.Next(0, 3) switch
        {
            0 => ElectionTimeout / 5,
            1 => ElectionTimeout / 20,
            _ => null,
        };
        DriftPerMille = Pick(random, 0, 1, 10, 10, 50, 200);
    }

    private void DrawLimits(SeededRandom random)
    {
        MessageEntriesMax = Pick(random, 1, 2, 5, 64, 4096, 4096, 4096);
        MessageBytesMax = Pick(random, 1, 100, 1000, 1 << 16, 1 << 20, 1 << 20);
        WindowMessagesMax = Pick(random, 1, 1, 2, 8, 64, 64);
        WindowBytesMax = Pick(random, 1, 1000, 1 << 16, 1 << 24, 1 << 24);
        WindowEntriesMax = Pick(random, 1, 10, 100, 65_536, 65_536);
        EntryBytesMax = Pick(random, 200, 8 << 20, 8 << 20);
        UncommittedEntriesMax = Pick(random, 2, 10, 100, 65_536, 65_536);
        ReadsPendingMax = Pick(random, 1, 5, 4096, 4096);
        NoticeDelay = random.Next(0, 3) switch
        {
            0 => TimeSpan.Zero,
            1 => ElectionTimeout,
            _ => null,
        };
        SnapshotStall = random.Chance(500) ? ElectionTimeout * random.Next(1, 4) : null;
        DiskStall = random.Chance(500) ? ElectionTimeout / 2 : null;
    }

    private void DrawNetwork(SeededRandom random)
    {
        Latency = ElectionTimeout / Pick(random, 500, 200, 100, 100, 50, 20, 10);
        JitterPercent = Pick(random, 0, 10, 50, 200);
        LossPerMille = IsOn(random) ? Pick(random, 1, 10, 50, 200) : 0;
        DuplicatePerMille = IsOn(random) ? Pick(random, 1, 10, 100, 300) : 0;
        LatePerTenThousand = IsOn(random) ? Pick(random, 1, 10, 100) : 0;
        MisdeliverPerTenThousand = IsOn(random) ? Pick(random, 1, 10) : 0;
        IsReordering = IsOn(random);
    }

    private void DrawHost(SeededRandom random)
    {
        SlowLoadPerMille = IsOn(random) ? Pick(random, 10, 100, 500) : 0;
        LateTickPerMille = IsOn(random) ? Pick(random, 1, 10, 50) : 0;
        DiskLatency = ElectionTimeout / Pick(random, 1000, 200, 50, 20, 10);
        IsDiskReordering = IsOn(random);
        BatchedPerMille = IsOn(random) ? Pick(random, 50, 300, 800) : 0;
        FetchFailurePerMille = IsOn(random) ? Pick(random, 10, 100, 300) : 0;
        PayloadBytes = Pick(random, 0, 10, 100, 1000);
        ClientInterval = ElectionTimeout / Pick(random, 5, 10, 20, 40, 80);
        ReadPercent = Pick(random, 10, 35, 70);

        // No more than half of what the windows let through: a cluster that never commits proves little.
        long perMessage = Math.Min(MessageEntriesMax, Math.Max(1, MessageBytesMax / Math.Max(1, PayloadBytes)));
        long inFlight = Math.Min(WindowEntriesMax, Math.Max(1, WindowBytesMax / Math.Max(1, PayloadBytes)));
        inFlight = Math.Min(inFlight, perMessage * WindowMessagesMax);
        long roundTrip = (Latency.Ticks * (200 + JitterPercent) / 50) + DiskLatency.Ticks;
        ClientInterval = new TimeSpan(Math.Max(ClientInterval.Ticks, roundTrip * 4 / inFlight));
    }

    private void DrawFaults(SeededRandom random)
    {
        NemesisInterval = ElectionTimeout / 2 * Pick(random, 1, 1, 2, 4, 8);
        int nodes = Voters + Learners;
        DownMax = random.Chance(600) ? (Voters - 1) / 2 : nodes;
        DownMax = Math.Max(1, DownMax);
        for (FaultKind kind = FaultKind.Partition; kind <= FaultKind.Directed; kind++)
        {
            _weights[(int)kind] = IsOn(random) ? Pick(random, 1, 2, 4, 8, 16) : 0;
        }

        _weights[(int)FaultKind.FetchFailure] = 0;

        // What chance alone meets too rarely gets a larger share of it.
        _weights[(int)FaultKind.Directed] *= 4;

        // Rare by nature: each costs a machine or its promises, and the world waits until that is made good.
        _weights[(int)FaultKind.Rot] = Math.Min(4, WeightOf(FaultKind.Rot));
        _weights[(int)FaultKind.Wipe] = Math.Min(2, WeightOf(FaultKind.Wipe));
        if (WeightOf(FaultKind.Wipe) > 0 && WeightOf(FaultKind.Membership) == 0)
        {
            _weights[(int)FaultKind.Membership] = 4;
        }
    }

    private static bool IsOn(SeededRandom random) => random.Chance(650);

    private static int Pick(SeededRandom random, params ReadOnlySpan<int> choices) => choices[random.Next(0, choices.Length - 1)];
}
