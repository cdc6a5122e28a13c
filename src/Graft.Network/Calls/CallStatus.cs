namespace Graft.Network;

/// <summary>The statuses of a call that the transport itself gives. All below 0xFF00 are the host's.</summary>
public static class CallStatus
{
    /// <summary>The first status that a host may not use.</summary>
    public const ushort FirstReserved = 0xFF00;

    /// <summary>There was no room for the request; it was not looked at. <see cref="CallReply.RetryAfter"/> says when to come back.</summary>
    public const ushort Overloaded = 0xFF01;

    /// <summary>The host took longer than the caller allowed. What it did stays done.</summary>
    public const ushort DeadlineExceeded = 0xFF02;

    /// <summary>The host failed in a way that it did not expect. What it did stays done.</summary>
    public const ushort Failed = 0xFF03;
}
