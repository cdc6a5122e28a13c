using System.Reflection;
using System.Text.RegularExpressions;

namespace Graft.Testing;

/// <summary>The planted bugs of a project: those in its list, and those that its sources ask for.</summary>
/// <param name="list">The type whose constants are the list.</param>
/// <param name="project">The project's name, which is its folder's below src.</param>
internal sealed partial class PlantedBugs(Type list, string project)
{
    internal string[] Listed { get; } =
        [.. list.GetFields(BindingFlags.NonPublic | BindingFlags.Static)
            .Where(constant => constant.FieldType == typeof(bool))
            .Select(constant => constant.Name)];

    /// <summary>Every member of the list that a source names, bug or not.</summary>
    internal HashSet<string> Used { get; } =
        [.. from file in Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "src", project), "*.cs", SearchOption.AllDirectories)
            where Path.GetFileName(file) != "Planted.cs"
            from Match use in Use().Matches(File.ReadAllText(file))
            select use.Groups["name"].Value];

    [GeneratedRegex(@"\bPlanted\.(?<name>[A-Za-z]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Use();
}
