namespace Graft.Server;

/// <summary>A statement of a queued write that failed, for whoever asks later.</summary>
/// <param name="Sequence">The number of its request.</param>
/// <param name="Item">The position of its text in the request; -1 if the request failed as a whole.</param>
/// <param name="Message">Why.</param>
internal sealed record QueueFailure(long Sequence, int Item, string Message);
