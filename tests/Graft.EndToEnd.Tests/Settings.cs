using System.Globalization;

namespace Graft.EndToEnd.Tests;

/// <summary>What a run may be given by its environment.</summary>
internal static class Settings
{
    internal static TimeSpan ChaosDuration => TimeSpan.FromSeconds(Number("GRAFT_CHAOS_SECONDS", 10));

    internal static ulong ChaosSeed => (ulong)Number("GRAFT_CHAOS_SEED", 1);

    internal static int FailoverRounds => Number("GRAFT_FAILOVER_ROUNDS", 1);

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
