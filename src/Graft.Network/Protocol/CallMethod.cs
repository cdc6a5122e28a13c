namespace Graft.Network;

/// <summary>What a call asks of a node. The values are on the wire.</summary>
public static class CallMethod
{
    /// <summary>A command for the log: <see cref="WriteCall"/>, answered by <see cref="WriteReply"/>.</summary>
    public const ushort Write = 1;

    /// <summary>A question to the state machine: <see cref="ReadCall"/>, answered by <see cref="ReadReply"/>.</summary>
    public const ushort Read = 2;

    /// <summary>Who leads and who belongs to the group: no body, answered by <see cref="GroupInfo"/>.</summary>
    public const ushort Describe = 3;

    /// <summary>
    /// Changes members: <see cref="MembersRequest"/>, answered by <see cref="WriteReply"/> with the configuration's index and, 8 bytes each, whom
    /// of the removed it could tell. Any node passes it on to the leader.
    /// </summary>
    public const ushort ChangeMembers = 4;

    /// <summary>Hands leadership over: <see cref="TransferCall"/>, answered by <see cref="TransferReply"/>. Any node passes it on to the leader.</summary>
    public const ushort Transfer = 5;

    /// <summary>Whether the node is ready to serve: no body, no answer but the status.</summary>
    public const ushort Ready = 6;

    /// <summary>What a change would do: <see cref="MembersRequest"/>, answered by <see cref="WriteReply"/> with the configuration's index and a <see cref="MembersPlan"/>.</summary>
    public const ushort PlanMembers = 7;

    /// <summary>The members as the leader sees them: no body, answered by <see cref="WriteReply"/> with the configuration's index and a <see cref="MembersView"/>.</summary>
    public const ushort ListMembers = 8;

    /// <summary>Tells a node that it was removed: <see cref="RemovedCall"/>, no answer but the status.</summary>
    public const ushort Removed = 9;
}
