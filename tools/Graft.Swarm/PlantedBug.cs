using System.Reflection;
using Graft.Consensus;
using Graft.Storage;

namespace Graft.Swarm;

/// <summary>The bug that this build was told to plant, as the lists of bugs see it.</summary>
/// <remarks>
/// A build takes any name, for each project looks in its own list only and plants nothing for a name that isn't there. A
/// run of such a build fails nowhere, and whoever misspelt the name would take that for a bug that can't be found.
/// </remarks>
internal static class PlantedBug
{
    private static readonly (string Id, string[] Names)[] Lists =
        [ReadList(typeof(RaftCore).Assembly), ReadList(typeof(WriteAheadLog).Assembly)];

    /// <summary>The bug that is in this program, or null.</summary>
    internal static string? Name { get; } = FindPlanted(Lists);

    /// <summary>What makes a command repeat with this bug: nothing, or an argument and a blank, to stand before all others.</summary>
    internal static string Property => Name is null ? "" : $"-p:PlantedBug={Name} ";

    /// <summary>Says which bug is planted.</summary>
    /// <returns>False, and a sentence on the error output, if the build was given a name that nobody knows.</returns>
    internal static bool Announce()
    {
        if (FindUnknown(Lists) is { } unknown)
        {
            Console.Error.WriteLine(
                $"'{unknown}' is no planted bug, so this build has none. The names are in src/Graft.Consensus/Planted.cs and src/Graft.Storage/Planted.cs.");
            return false;
        }

        if (Name is not null)
        {
            Console.WriteLine($"planted: {Name}");
        }

        return true;
    }

    /// <param name="lists">For each project the name it was built with, or the empty one, and the names that it knows.</param>
    internal static string? FindPlanted((string Id, string[] Names)[] lists) =>
        Array.Find(lists, list => list.Names.Contains(list.Id, StringComparer.Ordinal)).Id;

    // On no list at all: the build gives one name to every project, and all but one of them don't know it.
    internal static string? FindUnknown((string Id, string[] Names)[] lists) =>
        Array.Find(lists, list => list.Id != "" && !Array.Exists(lists, other => other.Names.Contains(list.Id, StringComparer.Ordinal))).Id;

    /// <summary>The constants of the project's <c>Planted</c>, which is internal and stays so.</summary>
    internal static (string Id, string[] Names) ReadList(Assembly assembly)
    {
        FieldInfo[] constants = assembly.GetType($"{assembly.GetName().Name}.Planted", throwOnError: true)!
            .GetFields(BindingFlags.NonPublic | BindingFlags.Static);
        string id = (string)constants.Single(constant => constant.Name == "Id").GetRawConstantValue()!;
        return (id, [.. constants.Where(constant => constant.FieldType == typeof(bool)).Select(constant => constant.Name)]);
    }
}
