namespace Graft.Cli;

/// <summary>The headings of the help, in their order.</summary>
internal static class VerbGroup
{
    internal const string Start = "Getting started";
    internal const string Membership = "Cluster membership commands";
    internal const string Machine = "State machine commands";
    internal const string Administration = "Cluster administration commands";
    internal const string Additional = "Additional commands";

    internal static readonly string[] All = [Start, Membership, Machine, Administration, Additional];
}
