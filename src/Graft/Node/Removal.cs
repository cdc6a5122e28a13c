using Graft.Consensus;

namespace Graft;

/// <summary>A node is no member of a group any more, and knows it.</summary>
/// <param name="Group">The group.</param>
/// <param name="Index">Where the configuration without it was appended; it is committed.</param>
/// <param name="ShallStop">Whether whoever removed it asked it to stop.</param>
public sealed record Removal(GroupId Group, LogIndex Index, bool ShallStop);
