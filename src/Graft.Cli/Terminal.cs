using System.Text;

namespace Graft.Cli;

/// <summary>What a command reads, writes and is surrounded by: the machine's, or a test's.</summary>
internal sealed record Terminal
{
    /// <summary>What is piped in or typed.</summary>
    internal required TextReader In { get; init; }

    /// <summary>Results, and nothing else.</summary>
    internal required TextWriter Out { get; init; }

    /// <summary>Talk: errors, advice, progress.</summary>
    internal required TextWriter Error { get; init; }

    internal bool IsInputTerminal { get; init; }

    internal bool IsOutputTerminal { get; init; }

    internal bool IsErrorTerminal { get; init; }

    /// <summary>An environment variable; null if it isn't set.</summary>
    internal required Func<string, string?> Variable { get; init; }

    internal required TimeProvider Time { get; init; }

    /// <summary>How the command was called, for lines that are to be pasted: <c>graft</c>, or the script that started it.</summary>
    internal string Name => Variable("GRAFT_NAME") is { Length: > 0 } name ? name : "graft";

    internal static Terminal OfMachine()
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal
        {
            In = Console.In,
            Out = new StreamWriter(Console.OpenStandardOutput(), utf8, 1 << 14) { AutoFlush = true, NewLine = "\n" },
            Error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true, NewLine = "\n" },
            IsInputTerminal = !Console.IsInputRedirected,
            IsOutputTerminal = !Console.IsOutputRedirected,
            IsErrorTerminal = !Console.IsErrorRedirected,
            Variable = Environment.GetEnvironmentVariable,
            Time = TimeProvider.System,
        };
    }
}
