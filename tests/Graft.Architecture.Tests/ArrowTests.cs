using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace Graft.Architecture.Tests;

/// <summary>Arrows point down and inward. The assemblies are asked, not the project files: what is unused is no reference.</summary>
public sealed partial class ArrowTests
{
    public static TheoryData<string> Projects => [.. House.Projects()];

    [Fact]
    public void The_projects_that_everything_rests_on_are_found()
    {
        Assert.Contains("Graft.Consensus", House.Projects());
        Assert.Contains("Graft.Simulation", House.Projects());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_project_has_a_place_in_the_house(string project) =>
        Assert.True(House.Arrows.ContainsKey(project), $"{project} has no row in House.Arrows. Draw its arrows first.");

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_its_arrows_point_to(string project)
    {
        using PEReader file = House.OpenAssembly(project);

        string[] references = [.. House.ReferencedAssemblies(file.GetMetadataReader()).Where(IsOurs)];

        House.AssertNone(references.Except(House.SeenBy(project), StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_never_names_what_points_to_it(string project)
    {
        string[] foreign = [.. House.Arrows.Keys.Except(House.SeenBy(project), StringComparer.Ordinal).Where(name => name != project)];

        string[] files = [.. House.Sources($"src/{project}", ".cs"), .. House.Sources($"src/{project}", ".csproj")];

        Assert.NotEmpty(files);
        House.AssertNone(files.SelectMany(file => Mentions(file, foreign)));
    }

    private static bool IsOurs(string assembly) =>
        assembly == "Graft" || assembly.StartsWith("Graft.", StringComparison.Ordinal);

    private static IEnumerable<string> Mentions(string file, string[] foreign) =>
        from line in File.ReadLines(file).Index()
        from Match match in Name().Matches(line.Item)
        where foreign.Contains(match.Value, StringComparer.Ordinal)
        select $"{House.Relative(file)}:{line.Index + 1}: {match.Value}";

    // "Graft.Storage" in any position. The bare "Graft" is the product as well as an assembly, so it counts only where it is opened.
    [GeneratedRegex(@"\bGraft\.[A-Z][A-Za-z]*|(?<=^\s*(?:global\s+)?using\s+)Graft(?=\s*;)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Name();
}
