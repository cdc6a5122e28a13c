using Graft.Consensus;
using Graft.Simulation.Disks;

namespace Graft.Storage.Tests.Disks;

public sealed class SimulatedDiskContractTests : DiskContract
{
    protected override IDisk Disk { get; } = new SimulatedDisk(new SeededRandom(1));
}
