namespace Graft;

/// <summary>The disk below the log, which all groups of a node share.</summary>
/// <param name="IsFull">Commands of this group are refused for want of space.</param>
/// <param name="Failure">Why the log is over; null if it isn't.</param>
/// <param name="OwesFor">How long ago the oldest write was ordered that hasn't been answered; zero if none is.</param>
/// <param name="LastFlush">How long the last flush took, with the write before it; null before the first.</param>
public sealed record DiskStatus(bool IsFull, string? Failure, TimeSpan OwesFor, TimeSpan? LastFlush);
