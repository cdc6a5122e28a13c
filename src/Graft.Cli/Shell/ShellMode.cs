namespace Graft.Cli;

/// <summary>How the shell prints rows.</summary>
internal enum ShellMode
{
    Box,
    Table,
    Csv,
    Json,
    Jsonl,
    Line,
    Markdown,
    Insert,
}
