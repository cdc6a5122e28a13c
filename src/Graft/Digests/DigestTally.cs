using Graft.Consensus;

namespace Graft;

/// <summary>What nodes have said of their states at the same entries, and what follows from it.</summary>
/// <remarks>
/// The reports are in the log, so every node has the same ones. What it makes of them is its own affair and no part of the state: two
/// nodes may judge under different configurations, and no harm is done.
/// </remarks>
internal sealed class DigestTally
{
    // Reports come within seconds of their entry. One that comes after the next but three has nobody to be compared with.
    private const int EntriesKept = 4;

    private readonly SortedDictionary<LogIndex, SortedDictionary<NodeId, UInt128>> _reports = new(Comparer<LogIndex>.Default);

    /// <summary>Takes in what a node says of its state after an entry.</summary>
    internal void Add(LogIndex entry, NodeId node, UInt128 digest)
    {
        if (!_reports.TryGetValue(entry, out SortedDictionary<NodeId, UInt128>? reports))
        {
            _reports.Add(entry, reports = []);
            while (_reports.Count > EntriesKept)
            {
                _reports.Remove(_reports.Keys.First());
            }
        }

        // The first word counts: a node that applies the entry again after a restart has nothing new to say.
        reports.TryAdd(node, digest);
    }

    /// <summary>What is known of the states after an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="members">Whose word counts.</param>
    /// <param name="self">This node.</param>
    internal DigestVerdict Judge(LogIndex entry, Membership members, NodeId self)
    {
        if (!_reports.TryGetValue(entry, out SortedDictionary<NodeId, UInt128>? reports) || reports.Count == 0)
        {
            return DigestVerdict.Open;
        }

        UInt128 first = reports.Values.First();
        if (reports.Values.All(digest => digest == first))
        {
            bool isWhole = true;
            foreach (ref readonly Member member in members.Members)
            {
                isWhole &= member.IsWitness || reports.ContainsKey(member.Id);
            }

            return isWhole ? DigestVerdict.Agree : DigestVerdict.Open;
        }

        return MajorityOf(reports, members) is not { } majority ? DigestVerdict.Differ
            : reports.TryGetValue(self, out UInt128 own) && own != majority ? DigestVerdict.OursIsWrong
            : DigestVerdict.AnothersIsWrong;
    }

    /// <summary>Who says what, for a person.</summary>
    internal string Describe(LogIndex entry) =>
        string.Join("; ", _reports[entry].GroupBy(static report => report.Value).Select(static group => $"{string.Join(", ", group.Select(static report => report.Key))} {(group.Count() == 1 ? "has" : "have")} {group.Key:x32}"));

    // Witnesses count as voters and say nothing, so that a majority here is one that could commit.
    private static UInt128? MajorityOf(SortedDictionary<NodeId, UInt128> reports, Membership members)
    {
        foreach (UInt128 digest in reports.Values.Distinct())
        {
            if (IsMajority(members.IncomingVoters) && (!members.IsJoint || IsMajority(members.OutgoingVoters)))
            {
                return digest;
            }

            bool IsMajority(ReadOnlySpan<NodeId> voters)
            {
                int count = 0;
                foreach (NodeId voter in voters)
                {
                    count += reports.TryGetValue(voter, out UInt128 reported) && reported == digest ? 1 : 0;
                }

                return count > voters.Length / 2;
            }
        }

        return null;
    }
}
