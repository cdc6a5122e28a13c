namespace Graft.EndToEnd.Tests;

/// <summary>A fenced block of a page.</summary>
/// <param name="Language">What follows its fence.</param>
/// <param name="Before">The last line of text before it.</param>
/// <param name="Text">Its lines, each with its end.</param>
internal sealed record MarkdownBlock(string Language, string Before, string Text)
{
    private const string Fence = "```";

    internal static IReadOnlyList<MarkdownBlock> Of(string page)
    {
        List<MarkdownBlock> blocks = [];
        string before = "";
        string? language = null;
        string text = "";
        foreach (string line in page.Split('\n'))
        {
            if (language is null && line.StartsWith(Fence, StringComparison.Ordinal))
            {
                (language, text) = (line[Fence.Length..], "");
            }
            else if (language is not null && line == Fence)
            {
                blocks.Add(new MarkdownBlock(language, before, text));
                language = null;
            }
            else if (language is not null)
            {
                text += line + "\n";
            }
            else if (line.Length > 0)
            {
                before = line;
            }
        }

        return blocks;
    }
}
