using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Graft.Consensus;

/// <summary>One core at one moment, with the answers to "who leads", "why nobody" and "who is behind".</summary>
public sealed record RaftStatus
{
    /// <summary>Whose status it is.</summary>
    public required NodeId Node { get; init; }

    /// <summary>What the node is in its term.</summary>
    public required Role Role { get; init; }

    /// <summary>The highest term that it has seen.</summary>
    public required Term Term { get; init; }

    /// <summary>Who leads that term, as far as it knows; null if it knows of nobody.</summary>
    public required NodeId? Leader { get; init; }

    /// <summary>Whom it voted for in that term; null if it hasn't.</summary>
    public required NodeId? VotedFor { get; init; }

    /// <summary>Why it knows no leader; none if it knows one.</summary>
    public required Leaderlessness WhyNoLeader { get; init; }

    /// <summary>Whether the log has payloads; with headers only this node can't lead.</summary>
    public required LogKind LogKind { get; init; }

    /// <summary>The last entry that is compacted away; zero if none is.</summary>
    public required EntryId LogStart { get; init; }

    /// <summary>The last entry of its log, durable or not.</summary>
    public required EntryId LogEnd { get; init; }

    /// <summary>Up to where its log is durable.</summary>
    public required LogIndex Durable { get; init; }

    /// <summary>Up to where it knows entries to be committed; more may be.</summary>
    public required LogIndex Commit { get; init; }

    /// <summary>The configuration in force here: the last in its log, committed or not.</summary>
    public required Membership Membership { get; init; }

    /// <summary>Where that was appended: what a change compares with.</summary>
    public required LogIndex MembershipIndex { get; init; }

    /// <summary>A change of members is appended and not done: uncommitted, or joint.</summary>
    public required bool IsMembershipChanging { get; init; }

    /// <summary>The last campaign of this node, if it ever stood.</summary>
    public required CampaignReport? LastCampaign { get; init; }

    /// <summary>Every member as this leader sees it; empty on a node that doesn't lead.</summary>
    public required ImmutableArray<MemberStatus> Members { get; init; }

    /// <summary>Until when this leader may serve lease reads, or null.</summary>
    public required Instant? LeaseUntil { get; init; }

    /// <summary>To whom leadership is being handed over; null if to nobody.</summary>
    public required NodeId? TransferTarget { get; init; }

    /// <summary>Reads that wait here for a confirmation.</summary>
    public required int ReadsPending { get; init; }

    /// <summary>It lost entries that it may have acknowledged, and holds its promises back until it has them again.</summary>
    public required bool IsRepairing { get; init; }

    /// <summary>The group has nothing to do, and neither beats nor waits for a beat.</summary>
    public required bool IsResting { get; init; }

    /// <summary>The oldest order that the disk hasn't answered was given this long ago; zero if it owes nothing.</summary>
    public required TimeSpan DiskOwesFor { get; init; }

    /// <summary>
    /// Committed entries above this index have their payload on one member only, since a witness completed the quorum.
    /// Null if there is no such entry, as far as this leader knows.
    /// </summary>
    public required LogIndex? SingleCopyAbove { get; init; }

    /// <summary>Messages that were refused, by reason. <see cref="StepOutcome.Stale"/> is routine: see there.</summary>
    public required ImmutableArray<RefusalCount> Refusals { get; init; }

    /// <summary>The status in sentences, the most urgent first: what an operator reads at night.</summary>
    public string Explain()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Node} {DescribeLeader()}");
        if (DiskOwesFor > TimeSpan.Zero)
        {
            text.Append(CultureInfo.InvariantCulture, $" Its disk has owed an answer for {DiskOwesFor.TotalMilliseconds:0} ms.");
        }

        if (IsMembershipChanging)
        {
            text.Append(CultureInfo.InvariantCulture, $" A change of members is in progress since index {MembershipIndex}.");
        }

        if (TransferTarget is { } target)
        {
            text.Append(CultureInfo.InvariantCulture, $" Leadership is being handed to {target}; writes wait.");
        }

        foreach (MemberStatus member in Members)
        {
            AppendMember(text, member);
        }

        if (SingleCopyAbove is { } index)
        {
            text.Append(CultureInfo.InvariantCulture, $" Committed entries above {index} are stored in full on one member only.");
        }

        foreach (RefusalCount refusal in Refusals)
        {
            if (refusal.Reason is not (StepOutcome.Stale or StepOutcome.OtherIncarnation))
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $" {refusal.Count} messages were refused as {refusal.Reason}, the last from {refusal.LastFrom}.");
            }
        }

        return text.ToString();
    }

    private string DescribeLeader() => WhyNoLeader switch
    {
        Leaderlessness.None when Leader == Node => $"leads {Term}.",
        Leaderlessness.None => $"follows {Leader} in {Term}.",
        Leaderlessness.Stopped => "has stopped after a storage failure. Replace its disk or its log, then start it again.",
        Leaderlessness.NoMembership => "belongs to no cluster yet. Found one with it, or add it to one.",
        Leaderlessness.CannotLead => "hears no leader and can't lead itself: it is no voter that stores payloads.",
        Leaderlessness.Removed => "was removed by a change of members, and stands no more. Stop it; its directory can be deleted.",
        Leaderlessness.Repairing => "lost entries that it may have acknowledged and waits for a leader to send them again.",
        Leaderlessness.DiskStalled => "hears no leader and doesn't stand, because its disk doesn't answer.",
        Leaderlessness.WaitingForTimeout => $"has heard no leader in {Term} and will stand when its election timeout is over.",
        Leaderlessness.WaitingForVotes => $"stands for {LastCampaign?.Term}; {DescribeCampaign()}",
        _ => $"stood for {LastCampaign?.Term} and was refused; {DescribeCampaign()}",
    };

    private string DescribeCampaign()
    {
        if (LastCampaign is not { Answers.IsEmpty: false } campaign)
        {
            return "nobody has answered.";
        }

        return string.Join(
            ", ",
            campaign.Answers.Select(answer => answer.Reason == MessageReason.None ? $"{answer.Voter} granted" : $"{answer.Voter} refused ({answer.Reason})"))
            + ".";
    }

    private static void AppendMember(StringBuilder text, MemberStatus member)
    {
        NodeId id = member.Member.Id;
        string? trouble = member.State switch
        {
            ProgressState.Suspect => "no longer holds what it had acknowledged: its disk was put back or lied. Remove it and add it empty.",
            ProgressState.Unfit when member.Member.IsWitness => "was no witness before: remove it, and give it a new id and an empty disk.",
            ProgressState.Unfit => "was a witness, so its log has no payloads: remove it, and give it a new id and an empty disk.",
            _ when member.IsSilent => $"hasn't answered for {member.SilentFor.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture)} ms.",
            ProgressState.Snapshot => $"is fetching the snapshot {member.SnapshotOffered} ({member.SnapshotBytes} bytes so far).",
            _ when member.IsTooSlow => $"doesn't catch up: {member.Lag} entries behind after {CatchUp.RoundsMax} rounds.",
            ProgressState.Probe when member.Incarnation == Incarnation.Unknown => "has not answered in this term.",
            ProgressState.Probe => $"is being asked where its log agrees ({member.Lag} entries behind).",
            _ => null,
        };
        if (trouble is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $" {id} {trouble}");
        }
    }
}
