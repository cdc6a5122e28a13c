using System.CommandLine;

namespace Graft.Cli;

/// <summary><c>graft sql</c>: a shell at a terminal, a runner of scripts in a pipe.</summary>
internal static class SqlVerb
{
    internal static GraftVerb Build(VerbBuilder verbs)
    {
        var sql = new Argument<string?>("sql") { Description = "Statements to run; without them they are read from the input", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> mode = Globals.Choice("--mode", null, "How rows are printed", [.. Enum.GetNames<ShellMode>().Select(name => name.ToLowerInvariant())]);
        var verb = new GraftVerb("sql", "SQL shell", VerbGroup.Machine)
        {
            Arguments = { sql },
            Options = { mode },
            Examples = ["graft sql", "graft sql < script.sql", "graft sql --mode json \"SELECT * FROM users\""],
            Remarks = ["Reads and writes both. BEGIN ... COMMIT is kept and sent as a whole. .help lists", "the commands that begin with a dot. A script ends at its first error."],
        };
        verb.Aliases.Add("shell");
        return verbs.Calling(verb, async (run, connection, cancellation) =>
        {
            var settings = new ShellSettings { Mode = ModeOf(run, run.Typed.GetValue(mode)), HasHeaders = run.HasHeader };
            var session = new ShellSession(run, connection, settings);
            if (run.Typed.GetValue(sql) is { } typed)
            {
                await session.TakeAsync(typed, null, cancellation);
                await session.EndAsync(cancellation);
                return 0;
            }

            return run.Terminal.IsInputTerminal
                ? await new InteractiveShell(run, session).RunAsync(cancellation)
                : await RunScriptAsync(run, session, settings, cancellation);
        });
    }

    private static ShellMode ModeOf(Invocation run, string? typed) => typed is null
        ? run.Format switch
        {
            OutputFormat.Json => ShellMode.Json,
            OutputFormat.Csv => ShellMode.Csv,
            _ => run.Terminal.IsInputTerminal ? ShellMode.Box : ShellMode.Table,
        }
        : Enum.TryParse(typed, ignoreCase: true, out ShellMode mode) && typed.All(char.IsAsciiLetter)
            ? mode
            : throw Invocation.Usage($"--mode: there is no mode '{typed}'");

    private static async Task<int> RunScriptAsync(Invocation run, ShellSession session, ShellSettings settings, CancellationToken cancellation)
    {
        int code = 0;
        while (!session.IsOver && await run.Terminal.In.ReadLineAsync(cancellation) is { } line)
        {
            await TryAsync(() => session.TakeAsync(line, null, cancellation));
        }

        await TryAsync(() => session.EndAsync(cancellation));
        return code;

        async Task TryAsync(Func<Task> take)
        {
            try
            {
                await take();
            }
            catch (FailureException failed) when (!settings.Bails)
            {
                code = code == 0 ? (int)failed.Failure.Code : code;
                await run.Terminal.Error.WriteAsync(FailureText.ForPeople(failed.Failure, run.Terminal.Name));
            }
        }
    }
}
