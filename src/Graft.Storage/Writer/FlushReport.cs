namespace Graft.Storage;

/// <summary>One batch that was written and flushed.</summary>
/// <param name="Elapsed">How long both took.</param>
/// <param name="Bytes">What was written.</param>
/// <param name="Writes">How many writes became durable by it.</param>
/// <param name="Entries">How many entries they had.</param>
public readonly record struct FlushReport(TimeSpan Elapsed, long Bytes, int Writes, int Entries);
