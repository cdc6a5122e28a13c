using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Graft.Cli;

/// <summary>What <c>-h</c> does.</summary>
internal sealed class HelpAnswer(Terminal terminal) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        var parents = new List<Command>();
        for (SymbolResult? above = parseResult.CommandResult.Parent; above is CommandResult { Command: not RootCommand } parent; above = parent.Parent)
        {
            parents.Insert(0, parent.Command);
        }

        terminal.Out.Write(HelpText.Of(parseResult.CommandResult.Command, parents));
        return 0;
    }
}
