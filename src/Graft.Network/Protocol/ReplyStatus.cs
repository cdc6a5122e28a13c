namespace Graft.Network;

/// <summary>How a call ended, as the node that served it says. The values are on the wire.</summary>
public static class ReplyStatus
{
    /// <summary>Done; the body says what came of it.</summary>
    public const ushort Done = 0;

    /// <summary>Nothing happened: the body is a <see cref="FailureReply"/>.</summary>
    public const ushort Rejected = 1;

    /// <summary>It may or may not happen: the body is a <see cref="FailureReply"/>.</summary>
    public const ushort Unknown = 2;

    /// <summary>A read that wasn't served; asking again is safe: the body is a <see cref="FailureReply"/>.</summary>
    public const ushort NotRead = 3;

    /// <summary>The application's own refusal of a query; the body is its text.</summary>
    public const ushort QueryFailed = 4;
}
