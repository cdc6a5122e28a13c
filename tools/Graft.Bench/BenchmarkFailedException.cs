namespace Graft.Bench;

/// <summary>The cluster under measurement did not do the work that is measured, so there is no figure to print.</summary>
internal sealed class BenchmarkFailedException(string message) : Exception(message);
