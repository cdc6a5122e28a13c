namespace Graft.Network;

/// <summary>Hard limits of the protocol, the same on both sides: the table of docs/internals/wire-format.md.</summary>
/// <remarks>
/// Compared with the length in a frame's header before anything is allocated for its body (bug museum L03). They aren't options: a
/// limit that is set on one side alone refuses what the other takes for allowed.
/// </remarks>
public static class WireLimits
{
    /// <summary>The body of a batch. One core message with its entries has to fit: an entry may have 8 MiB, and a host clips to less.</summary>
    public const int BatchBytesMax = 16 << 20;

    /// <summary>Messages in one batch. A sender's batches are too short for more; see <c>Outbox</c>.</summary>
    public const int MessagesMax = 32_768;

    /// <summary>Entries of one append. Without it a few bytes each would become a big table at the receiver.</summary>
    public const int EntriesMax = 65_536;

    /// <summary>What a request or a response carries beyond its fixed fields.</summary>
    public const int CallBodyBytesMax = 16 << 20;

    /// <summary>A pushed item of a call.</summary>
    public const int ItemBytesMax = 64 << 10;

    /// <summary>The bytes of one chunk of a snapshot.</summary>
    public const int ChunkBytesMax = 1 << 20;

    /// <summary>Hello, welcome and refusals, with room for fields of later versions.</summary>
    internal const int HelloBytesMax = 1024;

    internal const int FetchBytesMax = 64;

    /// <summary>The longest body that a frame of this type may have; -1 for a type that this program doesn't know.</summary>
    internal static int BodyBytesMax(FrameType type) => type switch
    {
        FrameType.Hello or FrameType.Welcome or FrameType.Refused or FrameType.FetchRefused => HelloBytesMax,
        FrameType.Ping or FrameType.Cancel or FrameType.SnapshotEnd => 0,
        FrameType.Pong => PongBody.Size,
        FrameType.Batch => BatchBytesMax,
        FrameType.Request => CallCodec.RequestHeadBytes + CallBodyBytesMax,
        FrameType.Response => CallCodec.ResponseHeadBytes + CallBodyBytesMax,
        FrameType.Item => ItemBytesMax,
        FrameType.Fetch or FrameType.SnapshotHeader => FetchBytesMax,
        FrameType.Chunk => SnapshotCodec.ChunkHeadBytes + ChunkBytesMax,
        _ => -1,
    };
}
