using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What a data directory says of itself.</summary>
/// <param name="Cluster">Whose it is; null if nothing readable says so.</param>
/// <param name="Node">Whose it is; null if nothing readable says so.</param>
/// <param name="Incarnation">How often it was started, as far as noted.</param>
/// <param name="NewestSegment">The newest segment that is known to have a durable batch.</param>
/// <param name="Identity">The state of the file <c>identity</c>, in words.</param>
/// <param name="Holder">
/// Who took the directory last; null if nobody ever did. Whether that process still runs can't be told by reading: a tool that looks
/// at a directory in use sees a log in the middle of a write, and may call its end torn.
/// </param>
public sealed record DirectoryListing(ClusterId? Cluster, NodeId? Node, uint Incarnation, ulong NewestSegment, string Identity, string? Holder)
{
    /// <summary>What is mixed into its records; null if nothing readable says so. It isn't for show: a forger lacks it.</summary>
    internal ulong? Salt { get; init; }
}
