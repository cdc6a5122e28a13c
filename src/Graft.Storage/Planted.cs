namespace Graft.Storage;

/// <summary>Bugs of the field's storage, each of which the simulated disk has to find (docs/internals/storage-testing.md).</summary>
/// <remarks>
/// A build plants at most one: <c>-p:PlantedBug=NAME</c> generates the constant <c>Id</c>. In every other build all of
/// these are the constant false, and the compiler leaves nothing of them; a build with one can't be packed.
/// </remarks>
internal static partial class Planted
{
    internal const bool AcknowledgedBeforeFlush = Id == nameof(AcknowledgedBeforeFlush);           // H02, H21
    internal const bool BodyNotChecked = Id == nameof(BodyNotChecked);                             // H03
    internal const bool DamageForgiven = Id == nameof(DamageForgiven);                             // H05
    internal const bool RetirementIgnored = Id == nameof(RetirementIgnored);                       // H20
    internal const bool RotTakenForTorn = Id == nameof(RotTakenForTorn);                           // H05
    internal const bool DeadEntriesBelieved = Id == nameof(DeadEntriesBelieved);                   // H09, H13
    internal const bool DurableBeforeFlushEnds = Id == nameof(DurableBeforeFlushEnds);             // H21
    internal const bool IdentityNotFlushed = Id == nameof(IdentityNotFlushed);                     // H10
    internal const bool IndexNotTruncated = Id == nameof(IndexNotTruncated);                       // H16
    internal const bool RecycledTailAccepted = Id == nameof(RecycledTailAccepted);                 // H08
    internal const bool RetriesAfterFailedFlush = Id == nameof(RetriesAfterFailedFlush);           // H06
    internal const bool SaltNotChecked = Id == nameof(SaltNotChecked);                             // H03
    internal const bool SegmentNameNotFlushed = Id == nameof(SegmentNameNotFlushed);               // H10
    internal const bool ShortReadIsEnd = Id == nameof(ShortReadIsEnd);                             // H14
    internal const bool TailNotCopied = Id == nameof(TailNotCopied);                               // H06
    internal const bool LastBatchNotRewritten = Id == nameof(LastBatchNotRewritten);               // H06
    internal const bool TruncationNotRecorded = Id == nameof(TruncationNotRecorded);               // H09
    internal const bool BatchNotRaised = Id == nameof(BatchNotRaised);                             // H08
    internal const bool ChecksumWithoutTerm = Id == nameof(ChecksumWithoutTerm);                   // H03
    internal const bool NoSpaceSwallowed = Id == nameof(NoSpaceSwallowed);                         // H11
    internal const bool RetiredBeforeFlush = Id == nameof(RetiredBeforeFlush);                     // H20
    internal const bool RowNotRepeated = Id == nameof(RowNotRepeated);                             // H05
    internal const bool TornBatchAccepted = Id == nameof(TornBatchAccepted);                       // H08
}
