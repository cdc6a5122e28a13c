namespace Graft.Network;

/// <summary>The result of a fetch of <see cref="SnapshotFetcher"/>.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Refusal">Why it was refused, if it was.</param>
/// <param name="Text">One sentence; empty when complete.</param>
/// <param name="ReceivedBytes">What this fetch has brought.</param>
public readonly record struct SnapshotFetch(SnapshotFetchOutcome Outcome, SnapshotRefusal Refusal, string Text, long ReceivedBytes);
