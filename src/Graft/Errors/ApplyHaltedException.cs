using Graft.Consensus;

namespace Graft;

/// <summary>The state machine of a group threw while it applied an entry. This node applies no further and skips nothing.</summary>
/// <remarks>
/// An error of the command itself is a result, the same on every node. What throws is an error of this node (its disk, its
/// memory, its program), and going on would leave its state different from that of the others.
/// </remarks>
/// <param name="group">Whose.</param>
/// <param name="index">The first entry that isn't applied.</param>
/// <param name="cause">What the state machine threw.</param>
public sealed class ApplyHaltedException(GroupId group, LogIndex index, Exception cause)
    : GraftException($"{group} applies nothing from entry {index} on: its state machine failed. {cause.Message}", cause)
{
    public GroupId Group { get; } = group;

    public LogIndex Index { get; } = index;
}
