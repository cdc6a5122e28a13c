namespace Graft;

/// <summary>The state of a group after an entry, with sessions and addresses, to be written beside further applying.</summary>
/// <param name="Position">How far it had come.</param>
/// <param name="Head">What the node keeps itself, encoded.</param>
/// <param name="Image">What the state machine keeps.</param>
internal sealed record CapturedState(StatePosition Position, ReadOnlyMemory<byte> Head, IStateImage Image);
