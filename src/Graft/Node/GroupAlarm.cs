using Graft.Consensus;

namespace Graft;

/// <summary>Something that somebody has to act on; the node goes on.</summary>
/// <param name="Group">What it's about.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Message">What happened, and what to do.</param>
public sealed record GroupAlarm(GroupId Group, GroupAlarmKind Kind, string Message);
