using System.Collections.Immutable;
using Graft.Consensus;

namespace Graft.Cli;

/// <summary>Nodes as people call them: where they are, and their id where that isn't known.</summary>
internal static class NodeNames
{
    internal static string Describe(NodeId node, ImmutableArray<(NodeId Node, string Address)> addresses)
    {
        string? address = addresses.FirstOrDefault(row => row.Node == node).Address;
        return string.IsNullOrEmpty(address) ? node.ToString() : $"{node} ({address})";
    }

    internal static string Name(MemberView member) => member.Address.Length > 0 ? member.Address : member.Node.ToString();

    /// <summary>What a member is to the cluster, in a word.</summary>
    internal static string RoleOf(Member member, NodeId? leader) =>
        member.Id == leader ? "leader"
        : member.IsWitness ? "witness"
        : member.Role switch
        {
            MemberRole.Voter => "follower",
            MemberRole.Joining => "joining",
            MemberRole.Leaving => "leaving",
            _ => "learner",
        };

    /// <summary>How long ago a member was heard.</summary>
    internal static string Seen(MemberView member, NodeId leader) =>
        member.Node == leader ? "now" : member.Phase == CatchUpPhase.Unheard ? "never" : Durations.Format(member.SilentFor);
}
