namespace Graft.Bench;

[Flags]
internal enum BenchmarkParts
{
    None = 0,
    Proposals = 1,
    Heartbeats = 2,
    Terms = 4,
    All = Proposals | Heartbeats | Terms,
}
