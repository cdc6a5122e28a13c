namespace Graft.Swarm;

internal static class KillTable
{
    internal static int Run(Arguments arguments) => arguments.BudgetSeeds > 0 ? 2 : 1;
}
