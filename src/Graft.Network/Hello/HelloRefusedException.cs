namespace Graft.Network;

/// <summary>The other side is there and doesn't want this connection, or isn't who was expected. Nothing was sent but the hello.</summary>
public sealed class HelloRefusedException : IOException
{
    internal HelloRefusedException(NodeAddress address, HelloRefusal refusal)
        : base($"{address} refused the connection: {refusal}")
    {
        Refusal = refusal;
    }

    /// <summary>What didn't fit, as the side that refused says it.</summary>
    public HelloRefusal Refusal { get; }
}
