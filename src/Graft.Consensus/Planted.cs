namespace Graft.Consensus;

/// <summary>Bugs of the field, each of which the simulator has to find (docs/internals/simulation.md).</summary>
/// <remarks>
/// A build plants at most one: <c>-p:PlantedBug=VoteGivenTwice</c> generates the constant <c>Id</c>. In every other build
/// all of these are the constant false, and the compiler leaves nothing of them; a build with one can't be packed.
/// Letters and numbers are exhibits of the bug museum (docs/internals/museum.md names their sources); a section is the rule of
/// the thesis that is broken, where no exhibit breaks just that.
/// </remarks>
internal static partial class Planted
{
    // Elections and terms.
    internal const bool VoteGivenTwice = Id == nameof(VoteGivenTwice);                             // thesis §3.4
    internal const bool StepDownForgetsVote = Id == nameof(StepDownForgetsVote);                   // A03
    internal const bool PreVoteForgetsVote = Id == nameof(PreVoteForgetsVote);                     // A04
    internal const bool VoteNotPersisted = Id == nameof(VoteNotPersisted);                         // A01
    internal const bool VoteLeavesBeforeDurable = Id == nameof(VoteLeavesBeforeDurable);           // A01, H21
    internal const bool CandidateSpeaksBeforeDurable = Id == nameof(CandidateSpeaksBeforeDurable); // A02, A08
    internal const bool OwnVoteCountsBeforeDurable = Id == nameof(OwnVoteCountsBeforeDurable);     // A02
    internal const bool VoteIgnoresLog = Id == nameof(VoteIgnoresLog);                             // rafty 2
    internal const bool VoteComparesLengthOnly = Id == nameof(VoteComparesLengthOnly);             // A07
    internal const bool VotesOfNonVotersCount = Id == nameof(VotesOfNonVotersCount);               // A09
    internal const bool VoteCountsIncomingOnly = Id == nameof(VoteCountsIncomingOnly);             // E07
    internal const bool AnybodyCampaigns = Id == nameof(AnybodyCampaigns);                         // E09
    internal const bool NoStickiness = Id == nameof(NoStickiness);                                 // A09, E11
    internal const bool PreVoteCountsAsContact = Id == nameof(PreVoteCountsAsContact);             // B04
    internal const bool TimeoutNotRandom = Id == nameof(TimeoutNotRandom);                         // A13
    internal const bool NoQuorumCheck = Id == nameof(NoQuorumCheck);                               // B07
    internal const bool NoNoOp = Id == nameof(NoNoOp);                                             // D01 twin

    // Replication and durability.
    internal const bool PreviousNotChecked = Id == nameof(PreviousNotChecked);                     // rafty 4
    internal const bool ConflictIgnored = Id == nameof(ConflictIgnored);                           // 9OP/Graft 1
    internal const bool MatchingSuffixTruncated = Id == nameof(MatchingSuffixTruncated);           // D02
    internal const bool CommitBeyondVerified = Id == nameof(CommitBeyondVerified);                 // D04
    internal const bool AcknowledgesWholeLog = Id == nameof(AcknowledgesWholeLog);                 // D05
    internal const bool AcknowledgedBeforeDurable = Id == nameof(AcknowledgedBeforeDurable);       // H21
    internal const bool ReceiptsCountOutOfOrder = Id == nameof(ReceiptsCountOutOfOrder);           // D15
    internal const bool LateReceiptCounts = Id == nameof(LateReceiptCounts);                       // D15
    internal const bool OldTermCommittedByCounting = Id == nameof(OldTermCommittedByCounting);     // D01
    internal const bool RepairStuck = Id == nameof(RepairStuck);                                   // D08
    internal const bool OldIncarnationsBelieved = Id == nameof(OldIncarnationsBelieved);           // D10
    internal const bool NewLifeKeepsMatch = Id == nameof(NewLifeKeepsMatch);                       // D10, E19
    internal const bool WindowIgnored = Id == nameof(WindowIgnored);                               // K01
    internal const bool NoWatchdog = Id == nameof(NoWatchdog);                                     // K10

    // Membership.
    internal const bool JointCountsIncomingOnly = Id == nameof(JointCountsIncomingOnly);           // E07
    internal const bool JointLeftBeforeCommit = Id == nameof(JointLeftBeforeCommit);               // E06
    internal const bool ChangesOverlap = Id == nameof(ChangesOverlap);                             // E17
    internal const bool ChangeBeforeOwnTermCommit = Id == nameof(ChangeBeforeOwnTermCommit);       // E01
    internal const bool TruncationKeepsMembership = Id == nameof(TruncationKeepsMembership);       // E14
    internal const bool PromotedUnseen = Id == nameof(PromotedUnseen);                             // E15, E19
    internal const bool RemovedLeaderStays = Id == nameof(RemovedLeaderStays);                     // E10

    // Reads and transfer.
    internal const bool ReadsNotConfirmed = Id == nameof(ReadsNotConfirmed);                       // C10
    internal const bool ReadBeforeOwnTermCommit = Id == nameof(ReadBeforeOwnTermCommit);           // C01
    internal const bool ReadJoinsOldRound = Id == nameof(ReadJoinsOldRound);                       // C02
    internal const bool ReadsNeverExpire = Id == nameof(ReadsNeverExpire);                         // C11
    internal const bool LeaseFromAnswer = Id == nameof(LeaseFromAnswer);                           // C03
    internal const bool LeaseIgnoresDrift = Id == nameof(LeaseIgnoresDrift);                       // C06
    internal const bool RestartForgetsLease = Id == nameof(RestartForgetsLease);                   // C08
    internal const bool TransferKeepsLease = Id == nameof(TransferKeepsLease);                     // C07
    internal const bool TransferNeverEnds = Id == nameof(TransferNeverEnds);                       // F02

    // Rest.
    internal const bool RestsWithoutQuorum = Id == nameof(RestsWithoutQuorum);                     // B07
    internal const bool VouchConfirmsRound = Id == nameof(VouchConfirmsRound);                     // C03
    internal const bool RestsWithoutFollowers = Id == nameof(RestsWithoutFollowers);               // K10

    // Snapshots.
    internal const bool NoSnapshotForLagging = Id == nameof(NoSnapshotForLagging);                 // D07, D22
    internal const bool InstallKeepsConflictingLog = Id == nameof(InstallKeepsConflictingLog);     // G02
    internal const bool InstallDropsMatchingLog = Id == nameof(InstallDropsMatchingLog);           // G24
    internal const bool InstallKeepsMembership = Id == nameof(InstallKeepsMembership);             // E12
    internal const bool OldSnapshotInstalled = Id == nameof(OldSnapshotInstalled);                 // G03
}
