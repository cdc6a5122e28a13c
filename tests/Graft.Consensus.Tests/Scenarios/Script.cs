using System.Text;

namespace Graft.Consensus.Tests.Scenarios;

/// <summary>A golden script: blocks of commands, each with its output.</summary>
/// <remarks>
/// <code>
/// # What the story claims.
/// cluster voters=1,2,3
/// elect 1
/// ----
/// n1 leads t2
/// (an empty line ends the output)
/// </code>
/// A block without dashes has no output yet: it gets one by a rewrite.
/// </remarks>
internal sealed class Script
{
    private const string Dashes = "----";

    private Script(string name, List<ScriptBlock> blocks) => (Name, Blocks) = (name, blocks);

    internal string Name { get; }

    internal List<ScriptBlock> Blocks { get; }

    internal static Script Parse(string name, string text)
    {
        string[] lines = text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        var blocks = new List<ScriptBlock>();
        int start = 0;
        while (start < lines.Length)
        {
            int dashes = Array.FindIndex(lines, start, line => line.TrimEnd() == Dashes);
            int end = dashes < 0 ? lines.Length : Array.FindIndex(lines, dashes, line => line.Length == 0);
            end = end < 0 ? lines.Length : end;
            string[] head = lines[start..(dashes < 0 ? end : dashes)];
            string[] output = dashes < 0 ? [] : lines[(dashes + 1)..end];
            blocks.Add(new ScriptBlock(head, start + 1, output));
            start = end + 1;
        }

        return new Script(name, blocks);
    }

    /// <summary>The script as it has to be written if its blocks print <paramref name="outputs"/>.</summary>
    internal string With(IReadOnlyList<string[]> outputs)
    {
        var text = new StringBuilder();
        for (int i = 0; i < Blocks.Count; i++)
        {
            text.AppendJoin('\n', (i == 0 ? [] : new[] { string.Empty }).Concat(Blocks[i].Head).Append(Dashes).Concat(outputs[i]));
            text.Append('\n');
        }

        return text.ToString();
    }

    internal string Text => With([.. Blocks.Select(block => block.Output)]);
}
