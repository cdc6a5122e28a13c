using Graft.Network;

namespace Graft.Cli;

/// <summary>How a cluster is, in three words or fewer, and what it can still lose.</summary>
/// <param name="Word">HEALTHY, DEGRADED or NO QUORUM.</param>
/// <param name="Voters">How many voters there are.</param>
/// <param name="Up">How many of them answer; null if nobody can tell.</param>
/// <param name="Needed">How many it takes.</param>
internal readonly record struct ClusterHealth(string Word, int Voters, int? Up, int Needed)
{
    internal bool IsHealthy => Word == "HEALTHY";

    /// <summary>How many more voters may be lost before writes end; zero if nobody can tell.</summary>
    internal int CanLose => Math.Max(0, (Up ?? 0) - Needed);

    internal static ClusterHealth Of(MembersView view)
    {
        MemberView[] voters = [.. view.Members.Where(member => member.Member.IsVoter)];
        int up = voters.Count(member => MembersText.IsUp(view, member));
        int needed = view.Membership.Quorum.Incoming.Size;
        return new ClusterHealth(up == voters.Length ? "HEALTHY" : up >= needed ? "DEGRADED" : "NO QUORUM", voters.Length, up, needed);
    }

    internal static ClusterHealth OfLeaderless(GroupInfo seen) =>
        new("NO QUORUM", seen.Membership.Quorum.Incoming.Voters, null, seen.Membership.Quorum.Incoming.Size);

    public override string ToString() => Up is { } up
        ? $"{Word}  {up}/{Words.Count(Voters, "voter")} up, {(up >= Needed ? $"can lose {CanLose}" : $"{Needed} needed")}"
        : $"{Word}  no leader answers; {Needed} of {Words.Count(Voters, "voter")} needed";
}
