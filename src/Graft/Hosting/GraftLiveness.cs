using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Graft;

/// <summary>Whether the node can go on: false only if it has failed for good, so that a restart is what helps.</summary>
/// <remarks>
/// <c>AddHealthChecks().AddCheck&lt;GraftLiveness&gt;("graft-live")</c>. A node without a leader, or one that is starting, is alive: a
/// restart would make it worse.
/// </remarks>
public sealed class GraftLiveness : IHealthCheck
{
    private readonly HostedNode[] _nodes;

    internal GraftLiveness(IEnumerable<HostedNode> nodes) => _nodes = [.. nodes];

    /// <summary>Unhealthy, with the reason in a sentence, as soon as one node of the host has failed for good; healthy otherwise. Asks no other node and doesn't wait.</summary>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        foreach (HostedNode hosted in _nodes)
        {
            if (hosted.Node is { Failed.IsCompleted: true } node && await node.Failed is { } failure)
            {
                return HealthCheckResult.Unhealthy(StatusText.Of(node.Id, failure), failure);
            }
        }

        return HealthCheckResult.Healthy();
    }
}
