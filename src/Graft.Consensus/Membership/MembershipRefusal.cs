namespace Graft.Consensus;

/// <summary>Why a membership change wasn't begun. Nothing was appended in any of these cases.</summary>
public enum MembershipRefusal
{
    None,

    /// <summary>Another node leads, or nobody does; ask there.</summary>
    NotLeader,

    /// <summary>The core stopped after a storage failure.</summary>
    Stopped,

    /// <summary>An earlier change isn't committed, or its joint phase isn't left yet. Wait for it.</summary>
    ChangeInProgress,

    /// <summary>
    /// No entry of this leader's own term is committed yet. Without this wait a change of an earlier leader that only it
    /// knows of could meet this one without a common quorum (Ongaro, raft-dev, 2015). It lasts about a round trip.
    /// </summary>
    NoOwnTermCommit,

    /// <summary>The configuration isn't the one that the caller looked at (compare-and-set). Look again.</summary>
    IndexMismatch,

    /// <summary>Leadership is being handed over; ask the next leader.</summary>
    TransferInProgress,

    /// <summary>The uncommitted part of the log is at its limit; retry later.</summary>
    Overloaded,

    /// <summary>The change has no lines, or its result equals what is.</summary>
    NothingToChange,

    /// <summary>Two lines speak of one node.</summary>
    EditedTwice,

    AlreadyMember,

    NotMember,

    /// <summary>Promote takes a learner.</summary>
    NotLearner,

    /// <summary>Demote takes a voter.</summary>
    NotVoter,

    /// <summary>The learner has not shown in this term that it keeps up; a quorum with it in could not commit.</summary>
    NotCaughtUp,

    /// <summary>Nobody that stores payloads could vote any more, and the cluster could never lead itself again.</summary>
    NoVoterLeft,

    /// <summary>Witnesses alone would make a quorum, and a commit might then be stored nowhere.</summary>
    TooManyWitnesses,

    /// <summary>There would be more than <see cref="Membership.MembersMax"/>, those who leave included.</summary>
    TooManyMembers,
}
