namespace Graft.Consensus;

/// <summary>Why a membership change wasn't begun. No configuration was appended in any of these cases. The values are on the wire.</summary>
/// <remarks>Those from 64 on are the host's, which knows of addresses and of who answers; a core never gives them.</remarks>
public enum MembershipRefusal : byte
{
    /// <summary>It isn't refused.</summary>
    None = 0,

    /// <summary>Another node leads, or nobody does; ask there.</summary>
    NotLeader = 1,

    /// <summary>The core stopped after a storage failure.</summary>
    Stopped = 2,

    /// <summary>An earlier change isn't committed, or its joint phase isn't left yet. Wait for it.</summary>
    ChangeInProgress = 3,

    /// <summary>
    /// No entry of this leader's own term is committed yet. Without this wait a change of an earlier leader that only it
    /// knows of could meet this one without a common quorum (Ongaro, raft-dev, 2015). It lasts about a round trip.
    /// </summary>
    NoOwnTermCommit = 4,

    /// <summary>The configuration isn't the one that the caller looked at (compare-and-set). Look again.</summary>
    IndexMismatch = 5,

    /// <summary>Leadership is being handed over; ask the next leader.</summary>
    TransferInProgress = 6,

    /// <summary>The uncommitted part of the log is at its limit; retry later.</summary>
    Overloaded = 7,

    /// <summary>The change has no lines, or its result equals what is.</summary>
    NothingToChange = 8,

    /// <summary>Two lines speak of one node.</summary>
    EditedTwice = 9,

    /// <summary>Who is to be added is a member already.</summary>
    AlreadyMember = 10,

    /// <summary>Who is to be promoted, demoted or removed is no member.</summary>
    NotMember = 11,

    /// <summary>Promote takes a learner.</summary>
    NotLearner = 12,

    /// <summary>Demote takes a voter.</summary>
    NotVoter = 13,

    /// <summary>The learner has not shown in this term that it keeps up; a quorum with it in could not commit.</summary>
    NotCaughtUp = 14,

    /// <summary>Nobody that stores payloads could vote any more, and the cluster could never lead itself again.</summary>
    NoVoterLeft = 15,

    /// <summary>Witnesses alone would make a quorum, and a commit might then be stored nowhere.</summary>
    TooManyWitnesses = 16,

    /// <summary>There would be more than <see cref="Membership.MembersMax"/>, those who leave included.</summary>
    TooManyMembers = 17,

    /// <summary>Nobody has said where a node is that is to be added: no leader could reach it.</summary>
    NoAddress = 64,

    /// <summary>The voters that answer now are no quorum of what would be. It can be forced.</summary>
    QuorumUnreachable = 65,

    /// <summary>The leader would lose its vote, and nobody took leadership over from it. It can be forced.</summary>
    HandoverFailed = 66,
}
