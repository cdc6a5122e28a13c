namespace Graft;

/// <summary>How far a member is on its way to the end of the log, as its leader sees it. The values are on the wire.</summary>
public enum CatchUpPhase : byte
{
    /// <summary>It hasn't answered this leader yet.</summary>
    Unheard = 0,

    /// <summary>It's being asked where its log agrees with the leader's.</summary>
    Probing = 1,

    /// <summary>It fetches a snapshot, because the log that it lacks is compacted.</summary>
    Snapshot = 2,

    /// <summary>It gets the log, entry by entry.</summary>
    Log = 3,

    /// <summary>It keeps up: all that there is reaches it within an election timeout.</summary>
    CaughtUp = 4,

    /// <summary>It was given all there was, ten times, and each time more had come than it could take in an election timeout. It stays and may be removed.</summary>
    TooSlow = 5,

    /// <summary>Its log is of the other kind: it was a witness and is a full member now, or the other way round. It needs a new id and an empty disk.</summary>
    Unfit = 6,

    /// <summary>It no longer holds what it had acknowledged: its disk was put back, or lied. Remove it and add it empty.</summary>
    Suspect = 7,
}
