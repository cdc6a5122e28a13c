using Graft.Consensus;
using Graft.Simulation.Disks;

namespace Graft.Storage.Tests.Log;

public sealed class SimulatedLogTests : LogContract
{
    protected override IDisk Disk { get; } = new SimulatedDisk(new SeededRandom(1));
}
