using System.Text;

namespace Graft.Swarm;

/// <summary>Lists that are longer than a terminal is wide.</summary>
internal static class Columns
{
    private const int Width = 120;
    private const string Indent = "  ";

    /// <summary>The head and the items behind it, parted by commas, broken between items where a line would be too long.</summary>
    internal static string Wrap(string head, IEnumerable<string> items)
    {
        var text = new StringBuilder(head);
        int column = head.Length;
        string comma = "";
        foreach (string item in items)
        {
            text.Append(comma);
            column += comma.Length;

            // One column more than the blank and the item, for the comma that may follow.
            bool fits = column + 1 + item.Length + 1 <= Width;
            text.Append(fits ? " " : Environment.NewLine + Indent).Append(item);
            column = (fits ? column + 1 : Indent.Length) + item.Length;
            comma = ",";
        }

        return text.ToString();
    }
}
