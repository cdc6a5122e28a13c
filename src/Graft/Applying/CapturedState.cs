using Graft.Consensus;

namespace Graft;

/// <summary>The state of a group after an entry, with sessions and addresses, to be written beside further applying.</summary>
/// <param name="Last">The last entry in it.</param>
/// <param name="Head">What the node keeps itself, encoded.</param>
/// <param name="Image">What the state machine keeps.</param>
internal sealed record CapturedState(EntryId Last, ReadOnlyMemory<byte> Head, IStateImage Image);
