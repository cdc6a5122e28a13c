namespace Graft.Network;

/// <summary>What a frame is. The values are on the wire.</summary>
internal enum FrameType : byte
{
    Hello = 1,
    Welcome = 2,
    Refused = 3,
    Ping = 4,
    Pong = 5,

    Batch = 16,

    Request = 32,
    Response = 33,
    Cancel = 34,
    Item = 35,

    Fetch = 48,
    SnapshotHeader = 49,
    Chunk = 50,
    SnapshotEnd = 51,
    FetchRefused = 52,
}
