using System.CommandLine;
using System.CommandLine.Help;

namespace Graft.Cli;

/// <summary>All commands there are. One that isn't built isn't here.</summary>
internal static class GraftTree
{
    internal const string Tagline = "Graft - SQLite that survives losing a machine.";

    internal static RootCommand Build(Globals globals, Terminal terminal)
    {
        var root = new RootCommand(Tagline);
        foreach (Option standard in root.Options)
        {
            standard.Aliases.Remove("/?");
            standard.Aliases.Remove("/h");
            standard.Aliases.Remove("-?");
            switch (standard)
            {
                case HelpOption help:
                    help.Description = "Help for the command";
                    help.Action = new HelpAnswer(terminal);
                    break;
                case VersionOption version:
                    version.Aliases.Add("-v");
                    version.Description = "Version for graft";
                    version.Action = new VersionAnswer(terminal);
                    break;
                default:
                    break;
            }
        }

        foreach (Option option in globals.All)
        {
            root.Options.Add(option);
        }

        var verbs = new VerbBuilder(globals, terminal);
        root.Subcommands.Add(DemoVerb.Build(verbs));
        root.Subcommands.Add(StartVerb.Build(verbs));
        root.Subcommands.Add(StopVerb.Build(verbs));
        root.Subcommands.Add(MemberVerb.Build(verbs));
        root.Subcommands.Add(CommandVerb.Build(verbs));
        root.Subcommands.Add(QueryVerb.Build(verbs));
        root.Subcommands.Add(SqlVerb.Build(verbs));
        root.Subcommands.Add(StatusVerb.Build(verbs));
        root.Subcommands.Add(ConfigurationVerb.Build(verbs));
        root.Subcommands.Add(LeaderVerb.Build(verbs));
        root.Subcommands.Add(CompletionVerb.Build(terminal));
        root.Subcommands.Add(VersionVerb.Build(verbs));
        root.Subcommands.Add(HelpVerb.Build(root, terminal));

        // Without a command graft says what there is, as the help does.
        root.SetAction(_ => terminal.Out.Write(HelpText.Of(root, [])));
        return root;
    }
}
