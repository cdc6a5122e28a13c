namespace Graft.Cli;

/// <summary>What each key does to the line that is being typed.</summary>
internal static class ShellKeys
{
    /// <returns>What the shell has to do itself.</returns>
    internal static ShellKeyEffect Apply(ConsoleKeyInfo key, EditLine line, ShellHistory history)
    {
        bool isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        bool isAlt = key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                return ShellKeyEffect.Enter;
            case ConsoleKey.Tab:
                return ShellKeyEffect.Complete;
            case ConsoleKey.C when isControl:
                return ShellKeyEffect.Cancel;
            case ConsoleKey.D when isControl && line.Text.Length == 0:
                return ShellKeyEffect.Quit;
            case ConsoleKey.L when isControl:
                return ShellKeyEffect.Clear;
            case ConsoleKey.LeftArrow when isControl || isAlt:
            case ConsoleKey.B when isAlt:
                line.WordLeft();
                break;
            case ConsoleKey.RightArrow when isControl || isAlt:
            case ConsoleKey.F when isAlt:
                line.WordRight();
                break;
            case ConsoleKey.LeftArrow:
            case ConsoleKey.B when isControl:
                line.Left();
                break;
            case ConsoleKey.RightArrow:
            case ConsoleKey.F when isControl:
                line.Right();
                break;
            case ConsoleKey.Home:
            case ConsoleKey.A when isControl:
                line.Home();
                break;
            case ConsoleKey.End:
            case ConsoleKey.E when isControl:
                line.End();
                break;
            case ConsoleKey.W when isControl:
            case ConsoleKey.Backspace when isAlt || isControl:
                line.DeleteWord();
                break;
            case ConsoleKey.U when isControl:
                line.DeleteToStart();
                break;
            case ConsoleKey.K when isControl:
                line.DeleteToEnd();
                break;
            case ConsoleKey.Backspace:
            case ConsoleKey.H when isControl:
                line.Backspace();
                break;
            case ConsoleKey.Delete:
            case ConsoleKey.D when isControl:
                line.Delete();
                break;
            case ConsoleKey.UpArrow:
            case ConsoleKey.P when isControl:
                Show(history.Back(line.Text));
                break;
            case ConsoleKey.DownArrow:
            case ConsoleKey.N when isControl:
                Show(history.Forward());
                break;
            default:
                if (!char.IsControl(key.KeyChar) && key.KeyChar != '\0' && !isAlt)
                {
                    line.Insert(key.KeyChar.ToString());
                }

                break;
        }

        return ShellKeyEffect.None;

        void Show(string? entry)
        {
            if (entry is not null)
            {
                line.Set(entry);
            }
        }
    }
}
