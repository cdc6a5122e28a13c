namespace Graft.Consensus;

/// <summary>What a resting core needs to know of a peer.</summary>
public enum Reliance
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>That it lives: it rests because of it, and is to be woken when it falls silent or begins a new life.</summary>
    Present,

    /// <summary>When it is back: it was gone before the rest began.</summary>
    Absent,
}
