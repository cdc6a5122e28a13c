namespace Graft.Bench.Http;

/// <summary>One run of a load.</summary>
/// <param name="PerSecond">Requests done.</param>
/// <param name="P50">The median of their times, in milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
internal sealed record HttpRun(double PerSecond, double P50, double P99);
