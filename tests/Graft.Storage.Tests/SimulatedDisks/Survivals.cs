using Graft.Simulation.Disks;

namespace Graft.Storage.Tests.SimulatedDisks;

/// <summary>What a power loss may leave of what is pending now: every subset, or, of many items, those that find bugs.</summary>
internal static class Survivals
{
    // 64 subsets; of more items none, all, all but one, only one, and each prefix.
    private const int EnumeratedMax = 6;

    internal static IEnumerable<Action<SimulatedDisk>> Of(SimulatedDisk disk)
    {
        IReadOnlyList<PendingItem> items = disk.Pending;
        int count = items.Count;
        if (count <= EnumeratedMax)
        {
            for (ulong subset = 0; subset < 1UL << count; subset++)
            {
                ulong kept = subset;
                yield return after => after.CrashKeeping(kept);
            }
        }
        else
        {
            yield return after => after.Crash(CrashMode.LoseAll);
            yield return after => after.Crash(CrashMode.KeepAll);
            for (int i = 0; i < count; i++)
            {
                int one = i;
                yield return after => after.CrashKeeping((item, _) => item.Index == one);
                yield return after => after.CrashKeeping((item, _) => item.Index != one);
                yield return after => after.CrashKeeping((item, _) => item.Index < one);
            }
        }

        // Torn: of the data the first sector alone, all but the first, every other; the rest survives.
        if (items.Any(item => item.Sectors > 1))
        {
            yield return after => after.CrashKeeping((item, sector) => item.Sectors == 1 || sector == 0);
            yield return after => after.CrashKeeping((item, sector) => item.Sectors == 1 || sector > 0);
            yield return after => after.CrashKeeping((item, sector) => item.Sectors == 1 || sector % 2 == 0);
            yield return after => after.CrashKeeping((item, sector) => item.Sectors == 1 || sector < item.Sectors - 1);
        }
    }
}
