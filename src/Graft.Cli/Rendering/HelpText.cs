using System.CommandLine;
using System.Text;

namespace Graft.Cli;

/// <summary>The help of all, and of each command: one line, usage, examples, arguments, flags.</summary>
internal static class HelpText
{
    private const int Column = 30;
    private const int Width = 80;

    /// <param name="command">Whose help.</param>
    /// <param name="parents">The commands above it below the root, the outermost first.</param>
    internal static string Of(Command command, IReadOnlyList<Command> parents)
    {
        var text = new StringBuilder();
        if (command is RootCommand)
        {
            Root(text, command);
        }
        else
        {
            One(text, command, string.Join(' ', [.. parents.Select(each => each.Name), command.Name]));
        }

        return text.ToString();
    }

    private static void Root(StringBuilder text, Command root)
    {
        text.Append(GraftTree.Tagline).Append("\n\nUsage:\n  graft <command> [flags]\n");
        foreach (string group in VerbGroup.All)
        {
            Rows(text, group, root.Subcommands.OfType<GraftVerb>().Where(verb => verb.Group == group).Select(verb => (verb.Name, verb.Description ?? "")), 14);
        }

        Rows(text, "Flags", FlagsOf(root.Options), Column);
        text.Append("\n\"graft help <command>\" for details; \"graft help exit-codes\" and\n\"graft help environment\" for what scripts rely on.\n");
    }

    private static void One(StringBuilder text, Command command, string path)
    {
        string arguments = string.Concat(command.Arguments.Select(argument => argument.Arity.MinimumNumberOfValues > 0 ? $" <{argument.Name}>" : $" [{argument.Name}]"));
        string usage = command.Subcommands.Count > 0 && command.Action is null ? " <command>" : arguments;
        text.Append(command.Description).Append("\n\nUsage:\n  graft ").Append(path).Append(usage).Append(" [flags]\n");
        if (command is GraftVerb { Remarks.Count: > 0 } explained)
        {
            text.Append('\n').AppendJoin('\n', explained.Remarks).Append('\n');
        }

        if (command is GraftVerb { Examples.Count: > 0 } verb)
        {
            text.Append("\nExamples:\n");
            foreach (string example in verb.Examples)
            {
                text.Append("  ").Append(example).Append('\n');
            }
        }

        Rows(text, "Commands", command.Subcommands.Select(each => (each.Name, each.Description ?? "")), 14);
        Rows(text, "Arguments", command.Arguments.Select(each => (each.Name, each.Description ?? "")), Column);
        Rows(text, "Flags", FlagsOf(command.Options), Column);
        text.Append("\n\"graft help\" lists the flags that every command has.\n");
    }

    private static IEnumerable<(string, string)> FlagsOf(IEnumerable<Option> options) =>
        options.Where(option => !option.Hidden).Select(option =>
        {
            string? alias = option.Aliases.FirstOrDefault(each => each.StartsWith('-') && each.Length == 2);
            string value = option.HelpName is { } name ? $" <{name}>" : "";
            return ($"{(alias is null ? "    " : $"{alias}, ")}{option.Name}{value}", option.Description ?? "");
        });

    private static void Rows(StringBuilder text, string title, IEnumerable<(string Name, string Description)> rows, int column)
    {
        (string Name, string Description)[] all = [.. rows];
        if (all.Length == 0)
        {
            return;
        }

        text.Append('\n').Append(title).Append(":\n");
        foreach ((string name, string description) in all)
        {
            string left = $"  {name}".PadRight(column + 2);
            if (left.Length > column + 2)
            {
                text.Append(left).Append('\n');
                left = new string(' ', column + 2);
            }

            foreach (string line in Wrap(description, Width - column - 2))
            {
                text.Append(left).Append(line).Append('\n');
                left = new string(' ', column + 2);
            }
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        while (text.Length > width && text.LastIndexOf(' ', width) is var at and > 0)
        {
            yield return text[..at];
            text = text[(at + 1)..];
        }

        yield return text;
    }
}
