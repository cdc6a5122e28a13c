using System.CommandLine;

namespace Graft.Cli;

/// <summary><c>graft help</c>.</summary>
internal static class HelpVerb
{
    internal static GraftVerb Build(RootCommand root, Terminal terminal)
    {
        var words = new Argument<string[]>("command") { Description = "A command, or a topic: exit-codes, environment", Arity = ArgumentArity.ZeroOrMore };
        words.CompletionSources.Add(_ => [.. root.Subcommands.Select(each => new System.CommandLine.Completions.CompletionItem(each.Name))]);
        var verb = new GraftVerb("help", "Help about any command", VerbGroup.Additional) { Arguments = { words }, Examples = ["graft help query", "graft help exit-codes"] };
        verb.SetAction(parsed => terminal.Out.Write(Find(root, parsed.GetValue(words) ?? [])));
        return verb;
    }

    internal static string Find(RootCommand root, string[] words)
    {
        if (words is [var topic] && HelpTopics.Find(topic) is { } text)
        {
            return text;
        }

        Command command = root;
        var parents = new List<Command>();
        foreach (string word in words)
        {
            Command next = command.Subcommands.FirstOrDefault(each => each.Name == word || each.Aliases.Contains(word))
                ?? throw new FailureException(new Failure(FailureCode.Usage, $"there is no help on '{string.Join(' ', words)}'")
                {
                    Facts = Suggestions.For(word, command.Subcommands.Select(each => each.Name).Concat(HelpTopics.Names)) is { Length: > 0 } near
                        ? [$"did you mean: {string.Join(", ", near)}"]
                        : [],
                    Hints = ["graft help"],
                });
            if (command is not RootCommand)
            {
                parents.Add(command);
            }

            command = next;
        }

        return HelpText.Of(command, parents);
    }
}
