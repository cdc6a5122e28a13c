namespace Graft.Bench;

/// <summary>One row of the proposal table: what is proposed to how many cores, and how.</summary>
internal sealed record ProposalCase(ProposalMode Mode, int Nodes, int Batch)
{
    /// <summary>The rows for these sizes. A pipeline of one is the closed loop of one, so it has no row.</summary>
    internal static IEnumerable<ProposalCase> All(IReadOnlyList<int> nodes, IReadOnlyList<int> batches)
    {
        foreach (int count in nodes)
        {
            foreach (int batch in batches)
            {
                yield return new ProposalCase(ProposalMode.Closed, count, batch);
                if (batch > 1)
                {
                    yield return new ProposalCase(ProposalMode.Pipelined, count, batch);
                }
            }
        }
    }
}
