using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Graft.Cli;

/// <summary>What was typed wrongly, in two lines; null if nothing was.</summary>
internal static class ParseFailure
{
    internal static Failure? Of(ParseResult parsed)
    {
        // Help and the version are asked for by whoever doesn't know the rest.
        if (parsed.Errors.Count == 0 || parsed.Action is not ParseErrorAction)
        {
            return null;
        }

        Command command = parsed.CommandResult.Command;
        string path = PathOf(parsed.CommandResult);
        string help = path == "graft" ? "graft help" : $"graft help {path["graft ".Length..]}";

        // A flag that there isn't is taken for an argument, and the argument behind it for one too many.
        string? unknown = parsed.Tokens.FirstOrDefault(token => token.Type == TokenType.Argument && LooksLikeFlag(token.Value))?.Value
            ?? (parsed.UnmatchedTokens is [string first, ..] ? first : null);
        if (unknown is null)
        {
            string message = parsed.Errors[0].Message.TrimEnd('.');
            return new Failure(FailureCode.Usage, $"{path}: {char.ToLowerInvariant(message[0])}{message[1..]}") { Hints = [help] };
        }

        bool isFlag = unknown.StartsWith('-');
        IEnumerable<string> known = isFlag ? FlagsOf(parsed.CommandResult) : command.Subcommands.Where(each => !each.Hidden).Select(each => each.Name);
        string[] near = Suggestions.For(unknown, known);
        string what = isFlag ? $"'{unknown}' is no flag of {path}"
            : command.Subcommands.Count > 0 ? $"'{unknown}' is not a {path} command"
            : $"'{unknown}' is one argument too many for {path}";
        return new Failure(FailureCode.Usage, what)
        {
            Facts = near.Length > 0 ? [$"did you mean: {string.Join(", ", near)}"]
                : command.Arguments.Any(argument => argument.Name == "sql") && !isFlag ? ["quote SQL, so that the shell hands it over as one argument"]
                : [],
            Hints = [help],
        };
    }

    /// <summary>A misspelt flag would be sent as SQL. A comment begins with two hyphens too, and goes on with what no flag has.</summary>
    internal static bool LooksLikeFlag(string text) =>
        text.StartsWith('-') && text.TrimStart('-') is { Length: > 0 } name && char.IsAsciiLetter(name[0])
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '=' or ':' or '.');

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "graft";

    private static IEnumerable<string> FlagsOf(CommandResult result)
    {
        IEnumerable<string> own = result.Command.Options.SelectMany(option => option.Aliases.Append(option.Name));
        return result.Parent is CommandResult parent ? own.Concat(FlagsOf(parent)) : own;
    }
}
