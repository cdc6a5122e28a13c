using System.Text;

namespace Graft.Cli;

/// <summary>The shell at a terminal: prompts, keys, history, completion.</summary>
internal sealed class InteractiveShell(Invocation run, ShellSession session)
{
    private const string Prompt = "graft> ";
    private const string More = "  ...> ";
    private const string InTransaction = "graft*> ";

    private readonly ShellHistory _history = new();
    private readonly EditLine _line = new();
    private List<string> _names = [];

    internal async Task<int> RunAsync(CancellationToken cancellation)
    {
        bool wasCaught = Console.TreatControlCAsInput;
        Console.TreatControlCAsInput = true;
        try
        {
            run.Say($"graft {GraftVersion.Text} shell, {run.Seeds}   .help  Ctrl+D quits");
            await LearnAsync(cancellation);
            var statement = new StringBuilder();
            while (!session.IsOver && ReadLine() is { } line)
            {
                statement.Append(statement.Length == 0 ? "" : " ").Append(line);
                await TakeAsync(line, cancellation);
                if (!session.IsPending)
                {
                    _history.Add(statement.ToString().Trim());
                    statement.Clear();
                }
            }

            return 0;
        }
        finally
        {
            Console.TreatControlCAsInput = wasCaught;
        }
    }

    private async Task TakeAsync(string line, CancellationToken cancellation)
    {
        try
        {
            await session.TakeAsync(line, Consent, cancellation);
            if (line.Contains("CREATE", StringComparison.OrdinalIgnoreCase) || line.Contains("ALTER", StringComparison.OrdinalIgnoreCase))
            {
                await LearnAsync(cancellation);
            }
        }
        catch (FailureException failed)
        {
            await run.Terminal.Error.WriteAsync(FailureText.ForPeople(failed.Failure, run.Terminal.Name));
        }
    }

    private bool Consent(string question)
    {
        run.Terminal.Error.Write($"{question}\nRun it? [y/N] ");
        char answer = Console.ReadKey(intercept: true).KeyChar;
        run.Terminal.Error.WriteLine(char.IsControl(answer) ? "" : answer.ToString());
        return answer is 'y' or 'Y';
    }

    // A line that is cancelled is an empty one; null is the end.
    private string? ReadLine()
    {
        string prompt = session.IsPending ? More : session.IsInTransaction ? InTransaction : Prompt;
        _line.Set("");
        _history.Rewind();
        while (true)
        {
            Draw(prompt);
            switch (ShellKeys.Apply(Console.ReadKey(intercept: true), _line, _history))
            {
                case ShellKeyEffect.Enter:
                    _line.End();
                    Draw(prompt);
                    run.Terminal.Out.Write("\n");
                    return _line.Text;
                case ShellKeyEffect.Quit:
                    run.Terminal.Out.Write("\n");
                    return null;
                case ShellKeyEffect.Cancel:
                    run.Terminal.Out.Write(_line.Text.Length == 0 && !session.IsPending ? "\nCtrl+D quits\n" : "^C\n");
                    session.Abandon();
                    prompt = session.IsInTransaction ? InTransaction : Prompt;
                    _line.Set("");
                    break;
                case ShellKeyEffect.Clear:
                    run.Terminal.Out.Write("\e[H\e[J");
                    break;
                case ShellKeyEffect.Complete:
                    Complete();
                    break;
                default:
                    break;
            }
        }
    }

    private void Complete()
    {
        string[] found = ShellCompletion.For(_line.Word, _names);
        string common = ShellCompletion.Common(found);
        if (found.Length == 1)
        {
            _line.ReplaceWord($"{found[0]} ");
        }
        else if (common.Length > _line.Word.Length)
        {
            _line.ReplaceWord(common);
        }
        else if (found.Length > 1)
        {
            run.Terminal.Out.Write($"\n{string.Join("  ", found.Take(40))}\n");
        }
    }

    private void Draw(string prompt) => run.Terminal.Out.Write(LineView.Draw(prompt, _line.Text, _line.Cursor, Width()));

    private static int Width()
    {
        try
        {
            return Console.WindowWidth is > 20 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }

    // For the completion alone: a cluster that doesn't answer is told of by the first statement.
    private async Task LearnAsync(CancellationToken cancellation)
    {
        try
        {
            _names = await session.NamesAsync(cancellation);
        }
        catch (FailureException)
        {
            _names = [];
        }
    }
}
