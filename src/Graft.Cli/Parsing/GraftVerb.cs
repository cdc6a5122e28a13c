using System.CommandLine;

namespace Graft.Cli;

/// <summary>A command of graft, with what its help says beside its flags.</summary>
internal sealed class GraftVerb : Command
{
    /// <param name="name">What is typed.</param>
    /// <param name="description">One line, without a full stop.</param>
    /// <param name="group">The heading that it stands below in the help of all.</param>
    internal GraftVerb(string name, string description, string group = "")
        : base(name, description) => Group = group;

    internal string Group { get; }

    /// <summary>Lines that can be pasted.</summary>
    internal IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>What else there is to know, in lines.</summary>
    internal IReadOnlyList<string> Remarks { get; init; } = [];
}
