using Graft.Consensus;
using Graft.Network;

namespace Graft.Tests;

/// <summary>A roster, asked by a story that nobody cancels.</summary>
internal static class RosterCalls
{
    internal static Task<MembersPlan> PlanNowAsync(this Roster roster, MembersRequest request) => roster.PlanAsync(request, default, CancellationToken.None);

    internal static Task<MembersChanged> ChangeNowAsync(this Roster roster, MembersRequest request, TimeSpan timeout = default) =>
        roster.ChangeAsync(request, timeout, CancellationToken.None);

    internal static Task<MembersView> ListNowAsync(this Roster roster) => roster.ListAsync(default, CancellationToken.None);

    internal static Task MoveNowAsync(this Roster roster, NodeId node, NodeAddress address) => roster.MoveAsync(node, address, default, CancellationToken.None);
}
