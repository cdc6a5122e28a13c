namespace Graft.Network;

/// <summary>Why a hello was refused. The values are on the wire.</summary>
public enum RefusalCode : ushort
{
    /// <summary>The hello can't be read. Both values are zero.</summary>
    Malformed = 1,

    /// <summary>No version in common. Values: min × 65,536 + max, of the sender and of the acceptor.</summary>
    VersionUnknown = 2,

    /// <summary>Another cluster. Values: the cluster ids.</summary>
    OtherCluster = 3,

    /// <summary>Another node lives at this address (museum M03, M05). Values: the node that was expected, the one that is there.</summary>
    OtherNode = 4,

    /// <summary>The sender is the acceptor, or claims its id (museum L06). Values: the incarnations.</summary>
    SelfConnection = 5,

    /// <summary>An earlier life of a node whose later life is connected (museum M04). Values: the incarnations.</summary>
    EarlierLife = 6,

    /// <summary>The certificate doesn't allow what was asked for. Both values are zero.</summary>
    Unauthorized = 7,

    /// <summary>Too many connections. Values: how many there are, how many may be.</summary>
    Busy = 8,

    /// <summary>The node is shutting down. Both values are zero.</summary>
    Draining = 9,

    /// <summary>The node isn't up yet; try again. Both values are zero.</summary>
    NotReady = 10,

    /// <summary>The cluster was recovered from a lost quorum without the sender: wipe it and let it join anew. Values: the epochs.</summary>
    OtherEpoch = 11,
}
