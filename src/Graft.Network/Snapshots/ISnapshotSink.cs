namespace Graft.Network;

/// <summary>Takes a fetched snapshot.</summary>
/// <remarks>Called on the fetch's loop, one call at a time. What it throws ends the fetch and comes out of it.</remarks>
public interface ISnapshotSink
{
    /// <summary>Where to go on; zero for a new one. Asked once, before the fetch is sent.</summary>
    long ResumeOffset { get; }

    /// <summary>The sender has it.</summary>
    /// <param name="totalBytes">How many bytes the whole has.</param>
    /// <param name="checksum">The checksum of the whole, opaque here: another one is another file.</param>
    /// <returns>False to end here: what was begun before is another file. Start anew from zero.</returns>
    bool Begin(long totalBytes, uint checksum);

    /// <summary>The next bytes, verified against the frame's checksum and in order.</summary>
    /// <param name="offset">Where they begin in the whole.</param>
    /// <param name="bytes">Valid during the call.</param>
    /// <returns>False to end here: they aren't what the sink expects, or can't be stored.</returns>
    bool Write(long offset, ReadOnlySpan<byte> bytes);
}
