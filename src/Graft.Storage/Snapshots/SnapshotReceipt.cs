namespace Graft.Storage;

/// <summary>The answer to one piece of a snapshot.</summary>
/// <param name="Outcome">Whether it was taken.</param>
/// <param name="ResumeOffset">Where the next piece has to begin, whatever the outcome.</param>
/// <param name="Fault">What doesn't verify, if that's the outcome.</param>
public readonly record struct SnapshotReceipt(SnapshotReceiptOutcome Outcome, long ResumeOffset, SnapshotFault? Fault)
{
    /// <summary>Whether the piece was taken, all of it.</summary>
    public bool IsAccepted => Outcome == SnapshotReceiptOutcome.Accepted;
}
