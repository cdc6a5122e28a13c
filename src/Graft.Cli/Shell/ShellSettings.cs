namespace Graft.Cli;

/// <summary>What the dot-commands of the shell set.</summary>
internal sealed class ShellSettings
{
    internal ShellMode Mode { get; set; }

    internal bool HasHeaders { get; set; } = true;

    internal string NullText { get; set; } = "NULL";

    internal bool ShowsTime { get; set; }

    /// <summary>Stop at the first error, if nobody is there to see it.</summary>
    internal bool Bails { get; set; } = true;

    internal ReadConsistency Consistency { get; set; } = ReadConsistency.Linearizable;
}
