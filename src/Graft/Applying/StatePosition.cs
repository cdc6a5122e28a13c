using Graft.Consensus;

namespace Graft;

/// <summary>How far a group's state has come.</summary>
/// <param name="Applied">The last entry in it.</param>
/// <param name="Durable">Up to here it outlives a loss of power, or need not: the log may be cut to here.</param>
/// <param name="SessionClock">How far the session clock has come.</param>
internal readonly record struct StatePosition(EntryId Applied, LogIndex Durable, long SessionClock);
