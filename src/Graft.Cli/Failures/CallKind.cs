namespace Graft.Cli;

/// <summary>What was asked of a cluster: it decides what a failure leaves behind.</summary>
internal enum CallKind
{
    Read,
    Write,
    Members,
    Transfer,
}
