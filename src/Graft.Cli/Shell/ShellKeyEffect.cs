namespace Graft.Cli;

/// <summary>What a key asks of the shell beyond the line.</summary>
internal enum ShellKeyEffect
{
    None,
    Enter,
    Complete,
    Cancel,
    Quit,
    Clear,
}
