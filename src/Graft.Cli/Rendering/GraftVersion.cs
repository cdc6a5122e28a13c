using System.Reflection;

namespace Graft.Cli;

/// <summary>Which graft this is.</summary>
internal static class GraftVersion
{
    /// <summary>Without the commit that the build adds behind a plus sign.</summary>
    internal static string Text { get; } =
        typeof(GraftVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
