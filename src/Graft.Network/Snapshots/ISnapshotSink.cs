namespace Graft.Network;

/// <summary>Takes a fetched snapshot.</summary>
/// <remarks>Called on the fetch's loop, one call at a time.</remarks>
public interface ISnapshotSink
{
    /// <summary>Where to go on; zero for a new one. Asked once, before the fetch is sent.</summary>
    long ResumeOffset { get; }

    /// <summary>The sender has it.</summary>
    /// <returns>False to end here: what was begun before is another file. Start anew from zero.</returns>
    bool Begin(long totalBytes, uint checksum);

    /// <summary>The next bytes, verified against the frame's checksum and in order.</summary>
    /// <returns>False to end here: they aren't what the sink expects, or can't be stored.</returns>
    bool Write(long offset, ReadOnlySpan<byte> bytes);
}
