namespace Graft;

/// <summary>A row of what the node keeps with a state that lies on disk: sessions, addresses, the place in the log.</summary>
/// <remarks>Keys have at most 17 bytes; values are as large as an answer of the state machine. Neither means anything to whoever keeps them.</remarks>
/// <param name="Key">Names the row.</param>
/// <param name="Value">What it holds; null if the row is to be deleted.</param>
public readonly record struct StateRow(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte>? Value);
