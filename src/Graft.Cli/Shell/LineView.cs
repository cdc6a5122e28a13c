namespace Graft.Cli;

/// <summary>What a terminal is sent to show a line that is being typed.</summary>
internal static class LineView
{
    /// <summary>The prompt and as much of the line as fits, in one row; a longer line is shown around the cursor.</summary>
    internal static string Draw(string prompt, string text, int cursor, int width)
    {
        int room = width - prompt.Length - 1;
        int start = 0;
        while (CellWidth.Of(text[start..cursor]) >= room)
        {
            start++;
        }

        int end = text.Length;
        while (CellWidth.Of(text[start..end]) > room)
        {
            end--;
        }

        int behind = CellWidth.Of(text[Math.Min(cursor, end)..end]);
        return $"\r\e[K{prompt}{text[start..end]}{(behind > 0 ? $"\e[{behind}D" : "")}";
    }
}
