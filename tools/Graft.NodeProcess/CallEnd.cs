namespace Graft.NodeProcess;

/// <summary>What came of a call.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Body">The answer, if it was done.</param>
/// <param name="Text">Why not, if it wasn't.</param>
internal readonly record struct CallEnd(CallOutcome Outcome, ReadOnlyMemory<byte> Body, string Text);
