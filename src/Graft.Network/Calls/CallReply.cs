namespace Graft.Network;

/// <summary>The answer to a call.</summary>
/// <param name="Status">The host's, below <see cref="CallStatus.FirstReserved"/>, or one of <see cref="CallStatus"/>.</param>
/// <param name="Body">Opaque, at most <see cref="WireLimits.CallBodyBytesMax"/>. At the caller it is the caller's own.</param>
/// <param name="RetryAfter">When it makes sense to ask again, to a millisecond; zero if there is nothing to say.</param>
public readonly record struct CallReply(ushort Status, ReadOnlyMemory<byte> Body, TimeSpan RetryAfter = default)
{
    /// <summary>
    /// Where it's served: making it changed nothing, so a caller may be told to ask again if there's no room for it. Not sent.
    /// </summary>
    public bool ChangedNothing { get; init; }
}
