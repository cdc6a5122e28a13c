namespace Graft.Network;

/// <summary>Which fields follow in an encoded message. A field that isn't there is zero.</summary>
[Flags]
internal enum MessageFields : ushort
{
    None = 0,
    Flags = 1,
    Reason = 1 << 1,
    Entry = 1 << 2,
    Last = 1 << 3,
    EntriesTerm = 1 << 4,
    Commit = 1 << 5,
    Round = 1 << 6,
    Sequence = 1 << 7,
    Bytes = 1 << 8,

    /// <summary>Nothing follows: the last entry's payload is the configuration.</summary>
    Membership = 1 << 9,
    Snapshot = 1 << 10,
    ToIncarnation = 1 << 11,

    /// <summary>Another life than that of the hello.</summary>
    FromIncarnation = 1 << 12,

    /// <summary>Another cluster than that of the hello.</summary>
    Cluster = 1 << 13,
}
