using System.Collections.Immutable;
using Graft.Consensus;

namespace Graft;

/// <summary>A change of members that is committed, and no longer joint.</summary>
/// <param name="Index">Where the new configuration was appended.</param>
/// <param name="Told">Who was removed and has confirmed that it knows.</param>
public sealed record MembersChanged(LogIndex Index, ImmutableArray<NodeId> Told);
