namespace Graft.Network;

/// <summary>One entry of an append, as it travels. Its term and index follow from the message.</summary>
/// <param name="Kind">What it is; opaque here.</param>
/// <param name="Checksum">Born with the entry at its leader and never computed anew; opaque here. The storage compares it.</param>
/// <param name="IsHeaderOnly">Sent to a witness: without its payload.</param>
/// <param name="Payload">Its bytes. Received ones lie in the message's block, and end with <see cref="PeerMessage.Release"/>.</param>
public readonly record struct WireEntry(byte Kind, uint Checksum, bool IsHeaderOnly, ReadOnlyMemory<byte> Payload);
