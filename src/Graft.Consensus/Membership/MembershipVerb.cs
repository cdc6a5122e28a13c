namespace Graft.Consensus;

/// <summary>What is asked for one node in a <see cref="MembershipChange"/>.</summary>
public enum MembershipVerb
{
    /// <summary>Bring it in as a learner and make it a voter once it has caught up.</summary>
    Add,

    /// <summary>Bring it in as a learner and leave it one.</summary>
    AddLearner,

    /// <summary>As <see cref="Add"/>, but it keeps no payloads.</summary>
    AddWitness,

    /// <summary>Make a caught-up learner a voter now.</summary>
    Promote,

    /// <summary>Make a voter a learner: it receives everything and counts for nothing.</summary>
    Demote,

    /// <summary>Take it out.</summary>
    Remove,
}
