namespace Graft.Consensus.Tests.Scenarios;

/// <summary>Commands, and what they are to print.</summary>
/// <param name="Head">The lines above the dashes as they are written, comments and empty lines included.</param>
/// <param name="FirstLine">The number of the first of them in its file.</param>
/// <param name="Output">The lines below the dashes.</param>
internal sealed record ScriptBlock(string[] Head, int FirstLine, string[] Output)
{
    /// <summary>The commands with their line numbers.</summary>
    internal IEnumerable<(string Text, int Line)> Commands =>
        Head.Select((text, offset) => (Text: text.Trim(), Line: FirstLine + offset))
            .Where(command => command.Text.Length > 0 && command.Text[0] != '#');
}
