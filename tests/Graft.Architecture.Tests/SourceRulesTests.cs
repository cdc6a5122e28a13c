namespace Graft.Architecture.Tests;

/// <summary>Rules of form that no analyzer of the build checks.</summary>
public sealed class SourceRulesTests
{
    // The aim is 500. A file somewhat longer is a question to its author; one beyond this has more than one subject.
    private const int LongestFile = 600;

    private static readonly string[] Folders = ["src", "tests", "tools", "examples"];

    // In two parts, so that this file obeys its own rule.
    private static readonly string[] Unwanted = ["#" + "region", "TO" + "DO"];

    [Fact]
    public void No_file_is_longer_than_one_subject_needs()
    {
        IEnumerable<string> tooLong =
            from file in House.Sources("src", ".cs")
            let lines = File.ReadLines(file).Count()
            where lines > LongestFile
            select $"{House.Relative(file)}: {lines} lines";

        House.AssertNone(tooLong);
    }

    [Fact]
    public void Lines_end_where_their_text_ends_and_are_indented_with_spaces() =>
        House.AssertNone(LinesWhere(line => line.Contains('\t') || line.EndsWith(' ') || line.EndsWith('\r')));

    [Fact]
    public void Nothing_is_folded_away_and_nothing_is_left_for_later() =>
        House.AssertNone(LinesWhere(line => Unwanted.Any(word => line.Contains(word, StringComparison.Ordinal))));

    private static string[] LinesWhere(Func<string, bool> predicate)
    {
        string[] files = [.. Folders.SelectMany(folder => House.Sources(folder, ".cs"))];
        Assert.NotEmpty(files);

        // Split by hand: ReadLines would drop the carriage return that one of the rules looks for.
        return
        [
            .. from file in files
               from line in File.ReadAllText(file).Split('\n').Index()
               where predicate(line.Item)
               select $"{House.Relative(file)}:{line.Index + 1}: {line.Item.Trim()}",
        ];
    }
}
