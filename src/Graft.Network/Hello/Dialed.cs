namespace Graft.Network;

/// <summary>An outgoing connection that was welcomed.</summary>
internal sealed record Dialed(IConnection Connection, FrameReader Reader, Welcome Welcome);
