namespace Graft.Simulation.Disks;

/// <summary>What kind of change hasn't been made durable.</summary>
public enum PendingKind
{
    /// <summary>Bytes of a file. The only kind that can be torn.</summary>
    Data,

    /// <summary>The length of a file: of a write behind its end, or of a cut.</summary>
    Length,

    /// <summary>A name that appears in a directory.</summary>
    Link,

    /// <summary>A name that goes from a directory.</summary>
    Unlink,

    /// <summary>A name that becomes another in the same directory; across directories it is a link and an unlink.</summary>
    Move,
}
