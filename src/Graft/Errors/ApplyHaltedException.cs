using Graft.Consensus;

namespace Graft;

/// <summary>The state machine of a group can't go on with an entry. This node applies no further and skips nothing.</summary>
/// <remarks>
/// An error of the command itself is a result, the same on every node. What throws is an error of this node (its disk, its
/// memory, its program), and going on would leave its state different from that of the others.
/// </remarks>
public sealed class ApplyHaltedException : GraftException
{
    internal ApplyHaltedException(GroupId group, LogIndex index, string machine, string entries, Exception cause)
        : base(
            $"{group} applies nothing from entry {index} on: its state machine {machine} failed{entries}. {cause.Message} "
            + "Nothing is skipped: remove the cause and start the node again, and it goes on from there. If it fails at the same entry each time, correct the state machine.",
            cause) => (Group, Index) = (group, index);

    internal ApplyHaltedException(GroupId group, LogIndex index, string why)
        : base($"{group} applies nothing from entry {index} on. {why}") => (Group, Index) = (group, index);

    /// <summary>The group that applies nothing further on this node.</summary>
    public GroupId Group { get; }

    /// <summary>The first entry that isn't applied; a start with the cause removed goes on from it.</summary>
    public LogIndex Index { get; }
}
