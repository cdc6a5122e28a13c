using System.CommandLine;

namespace Graft.Cli;

/// <summary>From what was typed to an exit code.</summary>
internal static class GraftProgram
{
    // A second Ctrl+C ends the process at once; the first lets a command say what it knows.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(30);

    internal static async Task<int> RunAsync(IReadOnlyList<string> typed, Terminal terminal)
    {
        var globals = new Globals();
        RootCommand root = GraftTree.Build(globals, terminal);

        // An argument that begins with @ is SQL like any other, and names no file.
        ParseResult parsed = root.Parse([.. typed], new ParserConfiguration { ResponseFileTokenReplacer = null });
        try
        {
            if (ParseFailure.Of(parsed) is { } wrong)
            {
                throw new FailureException(wrong);
            }

            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TerminationTimeout,
            });
        }
        catch (FailureException failed)
        {
            await terminal.Error.WriteAsync(
                Invocation.WantsJson(parsed, globals, terminal) ? FailureText.ForScripts(failed.Failure) : FailureText.ForPeople(failed.Failure, terminal.Name));
            return (int)failed.Failure.Code;
        }
    }
}
