using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Graft.Testing;

namespace Graft.Architecture.Tests;

/// <summary>The repository around this test, and the assemblies that its projects were built into.</summary>
internal static class House
{
    /// <summary>Who may see whom, as ARCHITECTURE.md draws it. A project that does not exist yet has its row already.</summary>
    internal static readonly IReadOnlyDictionary<string, string[]> Arrows = new SortedDictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["Graft.Consensus"] = [],
        ["Graft.Storage"] = ["Graft.Consensus"],
        ["Graft.Network"] = ["Graft.Consensus"],
        ["Graft"] = ["Graft.Network", "Graft.Storage", "Graft.Consensus"],
        ["Graft.Client"] = ["Graft.Network", "Graft.Consensus"],
        ["Graft.Simulation"] = ["Graft.Storage", "Graft.Consensus"],
        ["Graft.Simulation.Nodes"] = ["Graft.Simulation", "Graft", "Graft.Client", "Graft.Network", "Graft.Storage", "Graft.Consensus"],
        ["Graft.Sqlite"] = ["Graft", "Graft.Network", "Graft.Storage", "Graft.Consensus"],
        ["Graft.Server"] = ["Graft.Sqlite", "Graft", "Graft.Network", "Graft.Storage", "Graft.Consensus"],
        ["Graft.Cli"] =
            ["Graft.Server", "Graft.Client", "Graft.Sqlite", "Graft", "Graft.Network", "Graft.Storage", "Graft.Consensus"],
    };

    internal static string Root => SourceTree.Root;

    /// <summary>What a project may reference. One without a row may reference nothing of ours.</summary>
    internal static string[] SeenBy(string project) => Arrows.TryGetValue(project, out string[]? seen) ? seen : [];

    /// <summary>The projects under src, by name. A folder that holds build output alone is none.</summary>
    internal static IEnumerable<string> Projects() =>
        Directory.EnumerateDirectories(Path.Combine(Root, "src"))
            .Select(directory => Path.GetFileName(directory))
            .Where(name => File.Exists(Path.Combine(Root, "src", name, $"{name}.csproj")))
            .Order(StringComparer.Ordinal);

    /// <summary>Hand-written files with this ending, below one folder of the repository, in a stable order.</summary>
    internal static IEnumerable<string> Sources(string folder, string ending)
    {
        string top = Path.Combine(Root, folder);
        return Directory.Exists(top)
            ? Directory.EnumerateFiles(top, $"*{ending}", SearchOption.AllDirectories)
                .Where(path => !IsBuildOutput(Path.GetRelativePath(top, path)))
                .Order(StringComparer.Ordinal)
            : [];
    }

    /// <summary>Fails with one line per finding, in full: a shortened list sends the reader back to search by hand.</summary>
    internal static void AssertNone(IEnumerable<string> findings)
    {
        string[] found = [.. findings];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    internal static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>Opens the assembly built with the same configuration as this test.</summary>
    internal static PEReader OpenAssembly(string project)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Name;
        string path = Path.Combine(ArtifactsBin(), project, configuration, $"{project}.dll");
        Assert.True(File.Exists(path), $"{project} is in the tree and has not been built: {path}");
        return new PEReader(File.OpenRead(path));
    }

    internal static IEnumerable<string> ReferencedAssemblies(MetadataReader metadata) =>
        metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name));

    // The test runs from <artifacts>/bin/<project>/<configuration>; its neighbours are two levels up, wherever that is.
    private static string ArtifactsBin() =>
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", ".."));

    private static bool IsBuildOutput(string relative) =>
        relative.Split('/', '\\').Any(part => part is "bin" or "obj" or "artifacts");
}
