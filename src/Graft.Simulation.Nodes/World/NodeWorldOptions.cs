using System.Globalization;
using Graft.Consensus;

namespace Graft.Simulation.Nodes;

/// <summary>What a seed's world is like: drawn once, printed with the report.</summary>
internal sealed class NodeWorldOptions
{
    private static readonly NodeFault[] Kinds = Enum.GetValues<NodeFault>();

    private readonly int[] _weights = new int[Kinds.Length];

    internal NodeWorldOptions(SeededRandom random)
    {
        Nodes = random.Chance(100) ? random.Next(1, 2) : random.Next(3, 5);
        Clients = random.Next(1, 3);
        ElectionTimeout = TimeSpan.FromMilliseconds(random.Next(150, 600));
        SegmentBytes = random.Next(1, 4) * (64L << 10);
        LogCacheBytes = random.Next(1, 4) * (64 << 10);
        CommandBytesMax = (int)Math.Min(LogCacheBytes / 8, SegmentBytes / 4) - 128;
        PayloadMax = random.Chance(300) ? CommandBytesMax : random.Next(0, 600);
        SnapshotLogBytes = random.Chance(700) ? random.Next(500, 30_000) : 64 << 20;
        TrailingEntries = random.Chance(500) ? (ulong)random.Next(0, 20) : 10_000;
        LateTurns = random.Chance(500) ? random.Next(1, 60) : 0;
        LateMax = TimeSpan.FromMilliseconds(random.Next(1, 40));
        SlowApplies = random.Chance(400) ? random.Next(1, 300) : 0;
        SlowApplyMax = TimeSpan.FromMilliseconds(random.Next(1, 150));
        FaultPause = TimeSpan.FromMilliseconds(random.Next(30, 1500));
        CallPause = TimeSpan.FromMilliseconds(random.Next(2, 120));
        OutstandingMax = random.Next(1, 12);
        WallErrorMax = random.Chance(500) ? TimeSpan.FromHours(2) : TimeSpan.Zero;
        SessionLifetime = random.Chance(250) ? TimeSpan.FromSeconds(random.Next(1, 8)) : TimeSpan.FromMinutes(10);
        CompareInterval = random.Chance(500) ? TimeSpan.FromMilliseconds(random.Next(200, 5000)) : TimeSpan.Zero;
        Network = new SimulatedNetworkOptions
        {
            LatencyMax = TimeSpan.FromMicroseconds(random.Next(10, 8000)),
            SlowPerMille = random.Chance(500) ? random.Next(1, 100) : 0,
            SlowMax = TimeSpan.FromMilliseconds(random.Next(1, 300)),
            SplitPerMille = random.Chance(500) ? random.Next(1, 300) : 0,
        };
        foreach (NodeFault kind in Kinds)
        {
            _weights[(int)kind] = random.Chance(600) ? random.Next(1, 10) : 0;
        }
    }

    internal int Nodes { get; }

    internal int Clients { get; }

    internal TimeSpan ElectionTimeout { get; }

    internal long SegmentBytes { get; }

    internal int LogCacheBytes { get; }

    internal int CommandBytesMax { get; }

    /// <summary>How many bytes a command has beside its name, at most.</summary>
    internal int PayloadMax { get; }

    internal long SnapshotLogBytes { get; }

    internal ulong TrailingEntries { get; }

    /// <summary>How many of a thousand turns of a node come late, by up to <see cref="LateMax"/>.</summary>
    internal int LateTurns { get; }

    internal TimeSpan LateMax { get; }

    /// <summary>How many of a thousand steps of the state machine take up to <see cref="SlowApplyMax"/>.</summary>
    internal int SlowApplies { get; }

    internal TimeSpan SlowApplyMax { get; }

    /// <summary>Between two faults, on average.</summary>
    internal TimeSpan FaultPause { get; }

    /// <summary>Between two calls of a caller, on average.</summary>
    internal TimeSpan CallPause { get; }

    /// <summary>Calls of one caller at a time.</summary>
    internal int OutstandingMax { get; }

    internal TimeSpan WallErrorMax { get; }

    internal TimeSpan SessionLifetime { get; }

    internal TimeSpan CompareInterval { get; }

    internal SimulatedNetworkOptions Network { get; }

    /// <summary>Draws a kind of fault that there is in this world; null if there is none at all.</summary>
    internal NodeFault? Draw(SeededRandom random)
    {
        int sum = _weights.Sum();
        int drawn = sum == 0 ? 0 : random.Next(0, sum - 1);
        for (int i = 0; i < _weights.Length && sum > 0; i++)
        {
            drawn -= _weights[i];
            if (drawn < 0)
            {
                return Kinds[i];
            }
        }

        return null;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Nodes} nodes, {Clients} clients, T {ElectionTimeout.TotalMilliseconds} ms, segments {SegmentBytes >> 10} KiB, cache {LogCacheBytes >> 10} KiB, payloads to {PayloadMax} B, snapshots at {SnapshotLogBytes} B, trailing {TrailingEntries}, late turns {LateTurns}‰ to {LateMax.TotalMilliseconds} ms, slow applies {SlowApplies}‰ to {SlowApplyMax.TotalMilliseconds} ms, faults each {FaultPause.TotalMilliseconds} ms, calls each {CallPause.TotalMilliseconds} ms, {OutstandingMax} at once, walls off by {WallErrorMax}, sessions {SessionLifetime}, comparisons each {CompareInterval.TotalMilliseconds} ms, latency to {Network.LatencyMax.TotalMilliseconds} ms, slow {Network.SlowPerMille}‰ to {Network.SlowMax.TotalMilliseconds} ms, split {Network.SplitPerMille}‰; {string.Join(' ', Kinds.Where(kind => _weights[(int)kind] > 0).Select(kind => $"{kind} {_weights[(int)kind]}"))}");
}
