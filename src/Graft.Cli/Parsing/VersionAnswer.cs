using System.CommandLine;
using System.CommandLine.Invocation;

namespace Graft.Cli;

/// <summary>What <c>-v</c> does.</summary>
internal sealed class VersionAnswer(Terminal terminal) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        terminal.Out.WriteLine($"graft version {GraftVersion.Text}");
        return 0;
    }
}
